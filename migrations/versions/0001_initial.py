"""The first schema: runs and what they measured, accounts, ingest jobs."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


# Numbers do not compress, and a slice of what is stored whole is read without the rest.
ARRAYS = {
    "class_result": ["prediction", "probability"],
    "filter_peak": ["layer_id", "filter", "value"],
    "filter_stat": [
        "weight_mean",
        "weight_std",
        "weight_l2",
        "gradient_l2",
        "update_ratio",
        "relative_change",
        "cosine_change",
    ],
    "flip_state": ["correct", "length"],
    "layer_profile": ["values"],
    "layer_stat": ["histogram", "bands"],
    "scalar": ["iterations", "values"],
    "snapshot": ["class_error", "flip_image", "flip_before", "flip_learned", "digest"],
    "class": ["images", "contact_sheet"],
}

# Little-endian arrays as numbers, for SQL written by hand: SELECT unpack(class_error, 'f4').
# Names of types are numpy's: u1 u2 u4 i4 i8 f2 f4 f8.
UNPACK = """
CREATE FUNCTION unpack(data bytea, dtype text) RETURNS double precision[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    width integer := substr(dtype, 2)::integer;
    kind text := substr(dtype, 1, 1);
    mantissa_bits integer := CASE dtype WHEN 'f2' THEN 10 WHEN 'f4' THEN 23 ELSE 52 END;
    top integer := (1 << (8 * width - 1 - mantissa_bits)) - 1;
    found double precision[] := '{}';
    bits bigint;
    fraction bigint;
    exponent integer;
    value double precision;
BEGIN
    IF dtype NOT IN ('u1', 'u2', 'u4', 'i4', 'i8', 'f2', 'f4', 'f8') THEN
        RAISE EXCEPTION '% is none of u1 u2 u4 i4 i8 f2 f4 f8', dtype;
    END IF;
    IF length(data) % width <> 0 THEN
        RAISE EXCEPTION '% bytes are no whole number of %', length(data), dtype;
    END IF;
    FOR item IN 0 .. length(data) / width - 1 LOOP
        bits := 0;
        FOR byte IN REVERSE width - 1 .. 0 LOOP
            bits := (bits << 8) | get_byte(data, item * width + byte);
        END LOOP;
        IF kind = 'f' THEN
            fraction := bits & ((1::bigint << mantissa_bits) - 1);
            exponent := (bits >> mantissa_bits) & top;
            value := CASE
                WHEN exponent = top AND fraction <> 0 THEN 'NaN'
                WHEN exponent = top THEN 'Infinity'
                WHEN exponent = 0 THEN fraction * 2.0::float8 ^ (2 - top / 2 - 1 - mantissa_bits)
                ELSE (1 + fraction * 2.0::float8 ^ (-mantissa_bits))
                    * 2.0::float8 ^ (exponent - top / 2)
            END;
            IF (bits >> (8 * width - 1)) & 1 = 1 THEN
                value := -value;
            END IF;
        ELSIF dtype = 'i4' AND bits > 2147483647 THEN
            value := bits - 4294967296;
        ELSE
            value := bits;
        END IF;
        found[item + 1] := value;
    END LOOP;
    RETURN found;
END
$$
"""


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), server_default="true", nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "role IN ('viewer', 'member', 'admin')", name=op.f("account_role_check")
        ),
        sa.PrimaryKeyConstraint("id", name="account_pkey"),
    )
    op.create_index(
        "account_email_key", "account", [sa.literal_column("lower(email)")], unique=True
    )
    op.create_table(
        "class_result",
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("class_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("iteration", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("error", sa.REAL(), nullable=False),
        sa.Column("prediction", sa.LargeBinary(), nullable=False),
        sa.Column("probability", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "class_id", "iteration", name="class_result_pkey"),
    )
    op.create_table(
        "filter_peak",
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("quantity", sa.Text(collation="C"), autoincrement=False, nullable=False),
        sa.Column("iteration", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("layer_id", sa.LargeBinary(), nullable=False),
        sa.Column("filter", sa.LargeBinary(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "quantity", "iteration", name="filter_peak_pkey"),
    )
    op.create_table(
        "filter_stat",
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("layer_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("iteration", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("weight_mean", sa.LargeBinary(), nullable=False),
        sa.Column("weight_std", sa.LargeBinary(), nullable=False),
        sa.Column("weight_l2", sa.LargeBinary(), nullable=False),
        sa.Column("gradient_l2", sa.LargeBinary(), nullable=False),
        sa.Column("update_ratio", sa.LargeBinary(), nullable=False),
        sa.Column("relative_change", sa.LargeBinary(), nullable=False),
        sa.Column("cosine_change", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "layer_id", "iteration", name="filter_stat_pkey"),
    )
    op.create_table(
        "flip_state",
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("iteration", sa.Integer(), nullable=False),
        sa.Column("correct", sa.LargeBinary(), nullable=False),
        sa.Column("length", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", name="flip_state_pkey"),
    )
    op.create_table(
        "layer_profile",
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("quantity", sa.Text(collation="C"), autoincrement=False, nullable=False),
        sa.Column("statistic", sa.Text(collation="C"), autoincrement=False, nullable=False),
        sa.Column("iteration", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("values", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint(
            "run_id", "quantity", "statistic", "iteration", name="layer_profile_pkey"
        ),
    )
    op.create_table(
        "layer_stat",
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("layer_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("quantity", sa.Text(collation="C"), autoincrement=False, nullable=False),
        sa.Column("iteration", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("minimum", sa.REAL(), nullable=False),
        sa.Column("q1", sa.REAL(), nullable=False),
        sa.Column("median", sa.REAL(), nullable=False),
        sa.Column("q3", sa.REAL(), nullable=False),
        sa.Column("maximum", sa.REAL(), nullable=False),
        sa.Column("mean", sa.REAL(), nullable=False),
        sa.Column("std", sa.REAL(), nullable=False),
        sa.Column("total", sa.REAL(), nullable=False),
        sa.Column("l1", sa.REAL(), nullable=False),
        sa.Column("l2", sa.REAL(), nullable=False),
        sa.Column("zero_share", sa.REAL(), nullable=False),
        sa.Column("nan_count", sa.REAL(), nullable=False),
        sa.Column("inf_count", sa.REAL(), nullable=False),
        sa.Column("histogram", sa.LargeBinary(), nullable=True),
        sa.Column("bands", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint(
            "run_id", "layer_id", "quantity", "iteration", name="layer_stat_pkey"
        ),
    )
    op.create_table(
        "login_attempt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("succeeded", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="login_attempt_pkey"),
    )
    op.create_index("login_attempt_key_at_idx", "login_attempt", ["key", "at"], unique=False)
    op.create_table(
        "scalar",
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(collation="C"), autoincrement=False, nullable=False),
        sa.Column("iteration", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("iterations", sa.LargeBinary(), nullable=False),
        sa.Column("values", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "name", "iteration", name="scalar_pkey"),
    )
    op.create_table(
        "snapshot",
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("iteration", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("epoch", sa.Double(), nullable=False),
        sa.Column("recorded_at", sa.Double(), nullable=False),
        sa.Column("learning_rate", sa.Double(), nullable=False),
        sa.Column("train_loss", sa.Double(), nullable=False),
        sa.Column("train_error", sa.Double(), nullable=False),
        sa.Column("validation_loss", sa.Double(), nullable=False),
        sa.Column("validation_error", sa.Double(), nullable=False),
        sa.Column("n_to_y", sa.Integer(), nullable=True),
        sa.Column("y_to_n", sa.Integer(), nullable=True),
        sa.Column("y_to_y", sa.Integer(), nullable=True),
        sa.Column("n_to_n", sa.Integer(), nullable=True),
        sa.Column("class_error", sa.LargeBinary(), nullable=True),
        sa.Column("flip_image", sa.LargeBinary(), nullable=False),
        sa.Column("flip_before", sa.LargeBinary(), nullable=False),
        sa.Column("flip_learned", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "iteration", name="snapshot_pkey"),
    )
    op.create_table(
        "account_session",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "last_seen_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("user_agent", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name="account_session_account_id_fkey",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("token_hash", name="account_session_pkey"),
    )
    op.create_index(
        "account_session_account_id_idx", "account_session", ["account_id"], unique=False
    )
    op.create_table(
        "account_token",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name="account_token_account_id_fkey",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("token_hash", name="account_token_pkey"),
    )
    op.create_index("account_token_account_id_idx", "account_token", ["account_id"], unique=False)
    op.create_table(
        "run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("dataset", sa.Text(), nullable=False),
        sa.Column("hyperparameters", postgresql.JSONB(), nullable=False),
        sa.Column("manifest", postgresql.JSONB(), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="0", nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("class_count", sa.Integer(), nullable=False),
        sa.Column("layer_count", sa.Integer(), nullable=False),
        sa.Column("image_count", sa.Integer(), nullable=False),
        sa.Column("filter_count", sa.Integer(), nullable=False),
        sa.Column("snapshot_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_iteration", sa.Integer(), nullable=True),
        sa.Column("last_error", sa.Double(), nullable=True),
        sa.Column("planned_iterations", sa.Integer(), nullable=True),
        sa.Column("lost_snapshots", sa.Integer(), server_default="0", nullable=False),
        sa.Column("thumbnail", sa.ARRAY(sa.Integer()), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "loaded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('recording', 'complete', 'failed')", name=op.f("run_state_check")
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["account.id"], name="run_owner_id_fkey", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name="run_pkey"),
        sa.UniqueConstraint("uuid", name="run_uuid_key"),
    )
    op.create_table(
        "class",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("class_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("image_count", sa.Integer(), nullable=False),
        sa.Column("images", sa.LargeBinary(), nullable=False),
        sa.Column("contact_sheet", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["run_id"], ["run.id"], name="class_run_id_fkey", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_id", "class_id", name="class_pkey"),
    )
    op.create_table(
        "image",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("image_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("class_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["run_id"], ["run.id"], name="image_run_id_fkey", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_id", "image_id", name="image_pkey"),
    )
    op.create_index(
        "image_run_id_class_id_position_idx",
        "image",
        ["run_id", "class_id", "position"],
        unique=True,
    )
    op.create_table(
        "ingest_job",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=True),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="queued", nullable=False),
        sa.Column("done", sa.Integer(), server_default="0", nullable=False),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("rate", sa.Double(), nullable=True),
        sa.Column("remaining_seconds", sa.Double(), nullable=True),
        sa.Column("message", sa.Text(), server_default="", nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("error_file", sa.Text(), nullable=True),
        sa.Column("requested_by", sa.Integer(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("heartbeat_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancel_requested", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint("mode IN ('once', 'follow')", name=op.f("ingest_job_mode_check")),
        sa.CheckConstraint(
            "state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')",
            name=op.f("ingest_job_state_check"),
        ),
        sa.ForeignKeyConstraint(
            ["requested_by"],
            ["account.id"],
            name="ingest_job_requested_by_fkey",
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["run.id"], name="ingest_job_run_id_fkey", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name="ingest_job_pkey"),
    )
    op.create_index("ingest_job_created_at_idx", "ingest_job", ["created_at"], unique=False)
    op.create_index("ingest_job_requested_by_idx", "ingest_job", ["requested_by"], unique=False)
    op.create_index("ingest_job_run_id_idx", "ingest_job", ["run_id"], unique=False)
    op.create_table(
        "layer",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("layer_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("block", sa.Text(), nullable=False),
        sa.Column("branch", sa.Text(), nullable=False),
        sa.Column("filters", sa.Integer(), nullable=False),
        sa.Column("filter_offset", sa.Integer(), nullable=False),
        sa.Column("parameters", sa.BigInteger(), nullable=False),
        sa.Column("inputs", sa.Integer(), nullable=False),
        sa.Column("kernel", sa.ARRAY(sa.Integer()), nullable=False),
        sa.Column("stride", sa.ARRAY(sa.Integer()), nullable=False),
        sa.Column("groups", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["run.id"], name="layer_run_id_fkey", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_id", "layer_id", name="layer_pkey"),
    )
    op.create_table(
        "ingest_job_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.Integer(), nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["job_id"],
            ["ingest_job.id"],
            name="ingest_job_line_job_id_fkey",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="ingest_job_line_pkey"),
    )
    op.create_index(
        "ingest_job_line_job_id_id_idx", "ingest_job_line", ["job_id", "id"], unique=False
    )
    for table, columns in ARRAYS.items():
        for column in columns:
            op.execute(f'ALTER TABLE "{table}" ALTER COLUMN "{column}" SET STORAGE EXTERNAL')
    op.execute(sa.text(UNPACK.replace(":", r"\:")))


def downgrade() -> None:
    raise NotImplementedError("There is no way down; restore a backup.")
