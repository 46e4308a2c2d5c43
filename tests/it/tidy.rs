//! House rules as a test: what may stand where, and how large it may be.

use std::fs;
use std::path::{Path, PathBuf};

/// Lines of a Rust file.
const FILE_LINES_MAX: usize = 400;

struct Source {
    /// From the root of the project, with slashes.
    path: String,
    text: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the project").to_owned()
}

fn collect(directory: &Path, extension: &str, found: &mut Vec<Source>) {
    for entry in fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        // The fuzzer, a workspace of its own, builds into its own folder.
        if path.is_dir() && path.file_name().is_some_and(|name| name == "target") {
            continue;
        }
        if path.is_dir() {
            collect(&path, extension, found);
        } else if path.extension().is_some_and(|own| own == extension) {
            let name = path.strip_prefix(root()).expect("below the project").to_string_lossy().replace('\\', "/");
            found.push(Source { path: name, text: fs::read_to_string(&path).expect("text") });
        }
    }
}

fn sources() -> Vec<Source> {
    let mut found = Vec::new();
    for directory in ["crates", "tests"] {
        collect(&root().join(directory), "rs", &mut found);
    }
    assert!(found.len() > 60, "the sources are found");
    found
}

/// Paths, of those outside `allowed`, whose text holds one of `words`.
fn holding<'a>(sources: &'a [Source], words: &[&str], allowed: &[&str]) -> Vec<&'a str> {
    let elsewhere = sources.iter().filter(|source| !allowed.iter().any(|start| source.path.starts_with(start)));
    elsewhere
        .filter(|source| words.iter().any(|word| source.text.contains(word)))
        .map(|source| source.path.as_str())
        .collect()
}

const NONE: [&str; 0] = [];

/// It is another service, that stands for Meta.
const META_SIM: &str = "crates/socialhook/src/meta_sim";

#[test]
fn files_stay_small_and_say_what_they_are_for() {
    let sources = sources();
    let large: Vec<_> = sources
        .iter()
        .filter(|source| source.text.lines().count() > FILE_LINES_MAX)
        .map(|source| &source.path)
        .collect();
    assert!(large.is_empty(), "over {FILE_LINES_MAX} lines: {large:?}");
    let silent: Vec<_> =
        sources.iter().filter(|source| !source.text.starts_with("//!")).map(|source| &source.path).collect();
    assert!(silent.is_empty(), "without //! at the top: {silent:?}");
}

#[test]
fn things_stand_where_they_belong() {
    let sources = sources();
    let sql = holding(&sources, &["sqlx::query", "raw_sql("], &["crates/store/", "tests/"]);
    assert_eq!(sql, NONE, "SQL belongs into crates/store");
    let outbound = holding(&sources, &["reqwest::"], &["crates/relay/", "crates/graph/", META_SIM, "tests/"]);
    assert_eq!(outbound, NONE, "outbound HTTP belongs into crates/relay, and Meta's Graph API into crates/graph");
    let inbound = holding(&sources, &["axum::"], &["crates/web/", META_SIM, "tests/"]);
    assert_eq!(inbound, NONE, "inbound HTTP belongs into crates/web");
    let environment = holding(&sources, &["env::var"], &["crates/socialhook/src/config.rs", "tests/"]);
    assert_eq!(environment, NONE, "the environment is read in config.rs");
    let clocks =
        holding(&sources, &["Utc::now()", "SystemTime::now"], &["crates/core/src/clock.rs", "tests/it/tidy.rs"]);
    assert_eq!(clocks, NONE, "the time of day comes from a Clock");
    let lax = holding(&sources, &["#[allow", "#![allow", "unsafe {", "todo!("], &["tests/it/tidy.rs"]);
    assert_eq!(lax, NONE, "expect with a reason instead of allow; nothing unsafe, nothing left to do");
}

#[test]
fn dependencies_point_one_way() {
    for (name, allowed) in [
        ("core", &[][..]),
        ("store", &["core"]),
        ("graph", &[]),
        ("relay", &["core", "graph", "store"]),
        ("web", &["core", "graph", "store", "relay"]),
        ("socialhook", &["core", "graph", "store", "relay", "web"]),
    ] {
        let manifest = fs::read_to_string(root().join("crates").join(name).join("Cargo.toml")).expect("a manifest");
        assert!(manifest.contains("[lints]\nworkspace = true"), "{name} takes the workspace's lints");
        let foreign: Vec<_> = ["core", "graph", "store", "relay", "web"]
            .into_iter()
            .filter(|other| manifest.contains(&format!("\nsocialhook-{other}.workspace")) && !allowed.contains(other))
            .collect();
        assert!(foreign.is_empty(), "{name} must not depend on {foreign:?}");
    }
}

/// Functions that serve all tenants at once, or none.
const ACROSS: &[&str] = &[
    "accounts::create",
    "accounts::find_by_email",
    "accounts::find",
    "accounts::set_password",
    "accounts::set_email",
    "account_links::add",
    "account_links::find",
    "account_links::take",
    "account_links::remove_of",
    "alerts::take_due",
    "account_links::sweep",
    "api_keys::find",
    "attempts::record",
    "channels::note_activity",
    "conversations::known",
    "conversations::learn",
    "conversations::changed_since",
    "deliveries::due_endpoints",
    "deliveries::owned",
    "deliveries::release",
    "directory::epoch",
    "directory::load",
    "floor::prepare",
    "floor::store",
    "floor::log",
    "health::all",
    "health::take_probes",
    "idempotency::sweep",
    "ingest::write",
    "invitations::find",
    "invitations::take",
    "invitations::sweep",
    "mail::post",
    "mail::take_due",
    "mail::remove",
    "mail::sweep",
    "leaving::under_way",
    "inspections::prune",
    "manifests::written_before",
    "manifests::surrender",
    "manifests::take_over",
    "nodes::heartbeat",
    "nodes::config_is_in_force",
    "nodes::all_seal_with",
    "nodes::bury",
    "nodes::bury_others",
    "nodes::take_over",
    "nodes::leave",
    "onboarding::note_apps",
    "partitions::list",
    "partitions::make",
    "partitions::days_provided",
    "partitions::try_housekeeping",
    "partitions/dropping::drop_old",
    "partitions/room::clear",
    "partitions/room::drop_orphans",
    "pools::housekeeping",
    "pools::apart",
    "refusals::add",
    "refused_requests::prune",
    "endpoints/secrets::retire_due",
    "seed::analyze",
    "seed::copy",
    "seed::has_events",
    "connections/care::take_due",
    "connections/people::note_deletion",
    "connections/people::find_deletion",
    "connections/people::of_meta_user",
    "connections/people::sweep_deletions",
    "media::take_due",
    "media::kept_channels",
    "media/ending::erasing",
    "media/key::get",
    "meta_logins::sweep",
    "resealing::some",
    "retention::of_all",
    "replays::due",
    "rollups::add",
    "rollups::prune",
    "second_factors::begin",
    "second_factors::find",
    "second_factors::is_on",
    "second_factors::use_step",
    "second_factors::confirm",
    "second_factors::set_recovery_codes",
    "second_factors::use_recovery_code",
    "second_factors::remove",
    "sign_ups::add",
    "sign_ups::find",
    "sign_ups::remove_of",
    "sign_ups::sweep",
    "sessions::end_all",
    "sessions::of_account",
    "sessions::end_others",
    "sessions::sweep",
    "throttle::take",
    "throttle::count",
    "throttle::forget",
    "throttle::sweep",
    "tenants::of_account",
    "seal::is_settled",
    "seal::settle",
    "seal::settle_on",
    "tenants::find_by_name",
    "tenants::find_provisioned",
];

/// A tenant's rows are reached with the tenant: its id comes right after the connection.
#[test]
fn store_functions_take_the_tenant() {
    // They are about no tenant's rows, or look across tenants and say so in their module's words.
    let mut seen = 0;
    for source in sources().iter().filter(|source| source.path.starts_with("crates/store/src/")) {
        let module = source.path.trim_start_matches("crates/store/src/").trim_end_matches(".rs");
        for (at, _) in source.text.match_indices("pub async fn ") {
            let signature = &source.text[at + "pub async fn ".len()..];
            let name = signature.split('(').next().expect("a name");
            let end = signature.find('{').expect("a body");
            let parameters = &signature[..end];
            if !parameters.contains("PgConnection") {
                continue;
            }
            seen += 1;
            let whole = format!("{module}::{name}");
            let tenant_second =
                parameters.split(',').nth(1).is_some_and(|second| second.trim().starts_with("tenant_id: TenantId"));
            let excepted = ACROSS.contains(&whole.as_str());
            assert!(tenant_second || excepted, "{whole} does not take the tenant after the connection");
        }
    }
    assert!(seen > 40, "the functions are found");
}

#[test]
fn every_template_is_used() {
    let mut templates = Vec::new();
    collect(&root().join("templates"), "html", &mut templates);
    let sources = sources();
    for template in &templates {
        let name = template.path.trim_start_matches("templates/");
        let used = sources.iter().any(|source| source.text.contains(name))
            || templates.iter().any(|other| other.path != template.path && other.text.contains(name));
        assert!(used, "{name} is used by no page");
    }
}

#[test]
fn pages_hold_no_inline_script_or_style() {
    let mut templates = Vec::new();
    collect(&root().join("templates"), "html", &mut templates);
    for template in &templates {
        for banned in ["style=", "onclick=", "onsubmit=", "<style", "javascript:", "<script>"] {
            assert!(!template.text.contains(banned), "{} holds {banned}", template.path);
        }
    }
}

/// Whatever is sealed is sealed anew when the key is rotated.
#[test]
fn every_sealed_column_is_rotated() {
    let mut seen = 0;
    for source in sources().iter().filter(|source| source.path.starts_with("crates/")) {
        for (at, _) in source.text.match_indices("Place { column: \"") {
            let column = source.text[at..].split('"').nth(1).expect("a column");
            // A cookie is in no table, and is worth nothing after a rotation.
            let is_known = socialhook_store::resealing::COLUMNS.contains(&column) || column == "cookie.device";
            assert!(is_known, "{column} is not in crates/store/src/resealing.rs");
            seen += 1;
        }
    }
    assert!(seen >= 8, "the columns are found");
}
