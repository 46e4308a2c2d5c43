//! Sealing everything anew with the ring's first key, so that older keys can be let go.
//!
//! What must hold: every sealed column stands here (a test looks for others); a value that changes meanwhile is not overwritten.

use socialhook_core::id::TenantId;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::Result;
use crate::seal::{Place, Sealer};

/// Values that are sealed anew in one go.
const BATCH: i64 = 200;

/// Seals some values of one column anew; gives how many it looked at. A value that cannot be opened is an error: without its key it would be lost.
macro_rules! reseal {
    ($c:expr, $sealer:expr, $table:literal, $column:literal, $row:literal, $tenant:literal) => {{
        let current = $sealer.key_id();
        let rows = sqlx::query!(
            "select "
                + $tenant
                + r#" as "tenant_id!: Uuid", "#
                + $row
                + r#" as "row_id!: Uuid", "#
                + $column
                + r#" as "sealed!" from "#
                + $table
                + " where "
                + $column
                + " is not null and substring("
                + $column
                + " from 2 for 4) <> $1 limit $2",
            current,
            BATCH
        )
        .fetch_all(&mut *$c)
        .await?;
        let looked_at = rows.len();
        for row in rows {
            let place =
                Place { column: concat!($table, ".", $column), tenant_id: TenantId(row.tenant_id), row_id: row.row_id };
            let anew = $sealer.seal_bytes(place, &$sealer.open_bytes(place, &row.sealed)?)?;
            sqlx::query!(
                "update "
                    + $table
                    + " set "
                    + $column
                    + " = $1 where "
                    + $row
                    + " = $2 and "
                    + $tenant
                    + " = $3 and "
                    + $column
                    + " = $4",
                anew,
                row.row_id,
                row.tenant_id,
                row.sealed
            )
            .execute(&mut *$c)
            .await?;
        }
        looked_at
    }};
}

/// The columns that hold sealed values.
pub const COLUMNS: &[&str] = &[
    "app.verify_token",
    "app_secret.secret",
    "connection.token",
    "endpoint.headers",
    "endpoint_secret.secret",
    "refused_request.body",
    "idempotency.answer",
    "mail.text",
    "media_key.secret",
    "second_factor.secret",
];

/// Seals some values anew that another key than the first sealed; gives how many. Nothing is left once it is 0.
pub async fn some(c: &mut PgConnection, sealer: &Sealer) -> Result<usize> {
    Ok(reseal!(c, sealer, "app", "verify_token", "app_id", "tenant_id")
        + reseal!(c, sealer, "app_secret", "secret", "app_secret_id", "tenant_id")
        + reseal!(c, sealer, "connection", "token", "connection_id", "tenant_id")
        + reseal!(c, sealer, "endpoint", "headers", "endpoint_id", "tenant_id")
        + reseal!(c, sealer, "endpoint_secret", "secret", "endpoint_secret_id", "tenant_id")
        + reseal!(c, sealer, "refused_request", "body", "refused_id", "tenant_id")
        + reseal!(c, sealer, "idempotency", "answer", "idempotency_id", "tenant_id")
        + reseal!(c, sealer, "mail", "text", "mail_id", "'00000000-0000-0000-0000-000000000000'::uuid")
        + reseal!(
            c,
            sealer,
            "media_key",
            "secret",
            "'00000000-0000-0000-0000-000000000000'::uuid",
            "'00000000-0000-0000-0000-000000000000'::uuid"
        )
        + reseal!(c, sealer, "second_factor", "secret", "account_id", "'00000000-0000-0000-0000-000000000000'::uuid"))
}
