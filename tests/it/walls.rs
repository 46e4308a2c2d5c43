//! The second wall between tenants: row-level security, tried with queries that forgot their tenant.

use socialhook_core::id::TenantId;
use sqlx::AssertSqlSafe;

use crate::leaving::{id_of, rows, two_full_tenants};
use crate::world::world;

#[tokio::test]
async fn a_query_without_its_tenant_finds_nothing_of_others() {
    world(async |world| {
        two_full_tenants(world).await;
        world.relay.keep_house().await.expect("kept");
        let [acme, globex] = [id_of(world, &world.acme).await, id_of(world, &world.globex).await];
        let owned = rows(world, acme).await;
        let mut c = world.pools.tenant(TenantId(acme)).await.expect("a connection");
        let mut tried = 0;
        for (table, own) in owned {
            let all = format!("select count(*), count(*) filter (where tenant_id = '{globex}') from {table}");
            let (seen, foreign): (i64, i64) = sqlx::query_as(AssertSqlSafe(all))
                .fetch_one(&mut *c)
                .await
                .unwrap_or_else(|error| panic!("{table}: {error}"));
            // Of the operator's, only apps are seen, and there are none.
            assert_eq!((seen, foreign), (own, 0), "{table}");
            for forgetful in [
                format!("delete from {table} where tenant_id = '{globex}'"),
                format!("update {table} set tenant_id = tenant_id where tenant_id = '{globex}'"),
            ] {
                let done = sqlx::query(AssertSqlSafe(forgetful)).execute(&mut *c).await;
                // The audit log refuses every change, also of nothing that is seen.
                assert!(done.is_ok_and(|done| done.rows_affected() == 0), "{table}");
            }
            let moved = format!("update {table} set tenant_id = '{globex}'");
            assert!(sqlx::query(AssertSqlSafe(moved)).execute(&mut *c).await.is_err() || own == 0, "{table}");
            tried += 1;
        }
        assert!(tried >= 20, "{tried}");
    })
    .await;
}

#[tokio::test]
async fn a_connection_without_a_tenant_finds_nothing() {
    world(async |world| {
        two_full_tenants(world).await;
        let acme = id_of(world, &world.acme).await;
        let mut c = world.pools.tenant(TenantId(acme)).await.expect("a connection");
        sqlx::query("select set_config('socialhook.tenant_id', '', false)").execute(&mut *c).await.expect("set");
        for table in ["event", "receipt", "endpoint", "member", "tenant", "app_secret"] {
            let count: i64 = sqlx::query_scalar(AssertSqlSafe(format!("select count(*) from {table}")))
                .fetch_one(&mut *c)
                .await
                .expect("a count");
            assert_eq!(count, 0, "{table}");
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_no_tenants_is_out_of_a_tenants_reach() {
    world(async |world| {
        let acme = id_of(world, &world.acme).await;
        let mut c = world.pools.tenant(TenantId(acme)).await.expect("a connection");
        for table in [
            "session",
            "sign_up",
            "account_link",
            "second_factor",
            "recovery_code",
            "throttle",
            "sealing_key",
            "mail",
            "manifest",
        ] {
            let read = sqlx::query(AssertSqlSafe(format!("select * from {table}"))).execute(&mut *c).await;
            assert!(read.expect_err("refused").to_string().contains("permission denied"), "{table}");
        }
        let hashes = sqlx::query("select password_hash from account").execute(&mut *c).await;
        assert!(hashes.expect_err("refused").to_string().contains("permission denied"));
    })
    .await;
}
