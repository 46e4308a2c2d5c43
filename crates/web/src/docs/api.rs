//! The API for people: the page that tells every operation, made from the API's description for machines.

use std::sync::LazyLock;

use askama::Template;
use axum::response::Response;
use serde_json::Value;

use crate::api::{OPERATIONS, description};
use crate::error::Error;
use crate::page::html;

#[derive(Template)]
#[template(path = "docs-api.html")]
struct ApiPage {
    groups: &'static [(String, Vec<Operation>)],
}

struct Operation {
    id: String,
    method: String,
    path: String,
    summary: String,
    about: String,
    scope: &'static str,
    /// Name, type, whether it has to be there, and what it is.
    parameters: Vec<[String; 4]>,
    body: Vec<[String; 4]>,
    /// The status of success, and what comes with it.
    success: String,
    answer: Vec<[String; 4]>,
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// What a `$ref` stands for.
fn resolved<'a>(all: &'a Value, schema: &'a Value) -> &'a Value {
    let pointer = schema["$ref"].as_str().and_then(|pointer| pointer.strip_prefix('#'));
    pointer.and_then(|pointer| all.pointer(pointer)).unwrap_or(schema)
}

fn kind(schema: &Value) -> String {
    let of = |schema: &Value| match &schema["type"] {
        Value::String(kind) if kind == "array" => format!("list of {}", kind_of_items(schema)),
        Value::String(kind) => kind.clone(),
        Value::Array(kinds) => kinds.iter().map(text).collect::<Vec<_>>().join(" or "),
        _ => "object".to_owned(),
    };
    schema["oneOf"].as_array().map_or_else(|| of(schema), |many| many.iter().map(of).collect::<Vec<_>>().join(" or "))
}

fn kind_of_items(schema: &Value) -> String {
    text(&schema["items"]["type"])
}

fn fields(all: &Value, schema: &Value) -> Vec<[String; 4]> {
    let schema = resolved(all, schema);
    if let Some(parts) = schema["allOf"].as_array() {
        return parts.iter().flat_map(|part| fields(all, part)).collect();
    }
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let properties = schema["properties"].as_object().into_iter().flatten();
    properties
        .map(|(name, property)| {
            let is_required = if required.contains(&name.as_str()) { "yes" } else { "" };
            [name.clone(), kind(property), is_required.to_owned(), text(&property["description"])]
        })
        .collect()
}

fn operation(all: &Value, (method, path): (&str, &str), told: &Value) -> Operation {
    let scope = OPERATIONS.iter().find(|(verb, known, ..)| verb.eq_ignore_ascii_case(method) && *known == path);
    let parameters = told["parameters"].as_array().into_iter().flatten().map(|one| {
        let is_required = if one["required"] == true { "yes" } else { "" };
        [text(&one["name"]), kind(&one["schema"]), is_required.to_owned(), text(&one["description"])]
    });
    let success = ["200", "201", "202", "204"].into_iter().find(|status| !told["responses"][status].is_null());
    let success = success.unwrap_or_default();
    let schema = |of: &Value| of["content"]["application/json"]["schema"].clone();
    Operation {
        id: text(&told["operationId"]),
        method: method.to_uppercase(),
        path: path.to_owned(),
        summary: text(&told["summary"]),
        about: text(&told["description"]),
        scope: scope.map_or("", |(_, _, scope, _)| scope.word()),
        parameters: parameters.collect(),
        body: fields(all, &schema(&told["requestBody"])),
        success: success.to_owned(),
        answer: fields(all, &schema(&told["responses"][success])),
    }
}

/// The operations by what they are about, in the order of the description.
fn groups() -> Vec<(String, Vec<Operation>)> {
    let all: Value = serde_json::from_str(description()).unwrap_or_default();
    let mut groups: Vec<(String, Vec<Operation>)> = Vec::new();
    for (method, path, ..) in OPERATIONS {
        let told = &all["paths"][path][method.to_lowercase()];
        let tag = text(&told["tags"][0]);
        let one = operation(&all, (method, path), told);
        match groups.iter_mut().find(|(name, _)| *name == tag) {
            Some((_, operations)) => operations.push(one),
            None => groups.push((tag, vec![one])),
        }
    }
    groups
}

pub async fn show() -> Result<Response, Error> {
    static GROUPS: LazyLock<Vec<(String, Vec<Operation>)>> = LazyLock::new(groups);
    html(&ApiPage { groups: &GROUPS })
}
