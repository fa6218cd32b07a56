"""Settings of pip are told to uv, which installs a checkout."""

import install

SETTINGS = {
    "index-url": "https://packages.example.org/simple",
    "extra-index-url": "https://one.example.org https://two.example.org",
    "find-links": "/opt/wheels",
    "constraint": "/etc/pip/constraints.txt",
    "default-timeout": "180",
}


def test_what_pip_is_told_uv_is_told():
    assert sorted(install.uv_options(SETTINGS)) == [
        ("--constraint", "/etc/pip/constraints.txt"),
        ("--default-index", "https://packages.example.org/simple"),
        ("--extra-index-url", "https://one.example.org"),
        ("--extra-index-url", "https://two.example.org"),
        ("--find-links", "/opt/wheels"),
    ]


def test_settings_of_the_environment_come_before_those_of_files(tmp_path, monkeypatch):
    (tmp_path / "pip.conf").write_text(
        "[global]\nindex-url = https://file.example.org/simple\nfind-links = /opt/a\n  /opt/b\n"
    )
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    monkeypatch.setenv("PIP_FIND_LINKS", "/opt/c")
    found = install.settings()
    assert found["index-url"] == "https://file.example.org/simple"
    assert found["find-links"] == "/opt/c"
