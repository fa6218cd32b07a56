"""A local object storage that speaks S3, and logs copied into it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import boto3
from moto.server import ThreadedMotoServer

BUCKET = "logs-of-the-team"
# What the tests put into the environment; moto asks for none in particular.
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "key-of-the-tests",
    "AWS_SECRET_ACCESS_KEY": "secret-of-the-tests",
    "AWS_DEFAULT_REGION": "us-east-1",
}


@dataclass(frozen=True)
class Storage:
    """A running storage with one empty bucket."""

    endpoint: str

    @property
    def environment(self) -> dict[str, str]:
        """What a worker's environment needs to read it."""
        return {**CREDENTIALS, "DEEPTRACKER_S3_ENDPOINT": self.endpoint}

    def client(self):
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        )

    def put(self, key: str, data: bytes) -> None:
        self.client().put_object(Bucket=BUCKET, Key=key, Body=data)

    def copy(self, folder: Path, key: str, *, files=None) -> str:
        """Copy a folder, or some of its files, below a key; return its address."""
        client = self.client()
        for path in sorted(files or (p for p in folder.rglob("*") if p.is_file())):
            name = f"{key}/{path.relative_to(folder).as_posix()}"
            client.put_object(Bucket=BUCKET, Key=name, Body=path.read_bytes())
        return f"s3://{BUCKET}/{key}"


@contextmanager
def running_storage() -> Iterator[Storage]:
    """Run a storage on a free port of this machine."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        _, port = server.get_host_and_port()
        storage = Storage(f"http://127.0.0.1:{port}")
        storage.client().create_bucket(Bucket=BUCKET)
        yield storage
    finally:
        server.stop()
