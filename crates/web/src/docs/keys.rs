//! The keys of an event and of the objects in it, as tables, from the JSON Schema.

use serde_json::Value;

pub struct Table {
    pub name: String,
    pub description: String,
    pub keys: Vec<Key>,
}

pub struct Key {
    pub name: String,
    pub kind: String,
    /// The table that tells more of it.
    pub more: Option<String>,
    pub is_always: bool,
    /// Pieces of a sentence, every second one a name: what stood between backticks.
    pub description: Vec<String>,
}

/// The keys that every event has, those that some have, and the objects.
pub fn tables(schema: &Value) -> (Table, Table, Vec<Table>) {
    let event = table("Event", schema, schema);
    let (every, sometimes) = event.keys.into_iter().partition(|key| key.is_always);
    let of = |name: &str, keys| Table { name: name.to_owned(), description: String::new(), keys };
    let definitions = schema["$defs"].as_object().into_iter().flatten();
    let objects = definitions.filter(|(_, one)| one.get("properties").is_some());
    (of("every", every), of("sometimes", sometimes), objects.map(|(name, one)| table(name, one, schema)).collect())
}

fn table(name: &str, object: &Value, schema: &Value) -> Table {
    let is_required = |key: &str| object["required"].as_array().is_some_and(|keys| keys.iter().any(|one| one == key));
    let key = |(name, property): (&String, &Value)| Key {
        name: name.clone(),
        kind: kind(property, schema),
        more: reference(property).filter(|name| schema["$defs"][name].get("properties").is_some()),
        is_always: is_required(name),
        description: description(property, schema).split('`').map(ToOwned::to_owned).collect(),
    };
    Table {
        name: name.to_owned(),
        description: text(&object["description"]),
        keys: object["properties"].as_object().into_iter().flatten().map(key).collect(),
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().replace('\n', " ")
}

/// A property's own description, or that of what it is.
fn description(property: &Value, schema: &Value) -> String {
    let own = text(&property["description"]);
    match reference(property) {
        Some(name) if own.is_empty() => text(&schema["$defs"][&name]["description"]),
        _ => own,
    }
}

/// The definition that it is, or is a list of.
fn reference(property: &Value) -> Option<String> {
    let choices = property["anyOf"].as_array().into_iter().flatten();
    let mut places = [property, &property["items"]].into_iter().chain(choices);
    places.find_map(|place| place["$ref"].as_str()).map(|path| path.rsplit('/').next().unwrap_or(path).to_owned())
}

/// The type in words; of a closed list its words.
fn kind(property: &Value, schema: &Value) -> String {
    if let Some(choices) = property["anyOf"].as_array() {
        return choices.iter().map(|one| kind(one, schema)).collect::<Vec<_>>().join(" or ");
    }
    if let Some(path) = property["$ref"].as_str() {
        return named(path.rsplit('/').next().unwrap_or(path), schema);
    }
    match &property["type"] {
        Value::String(one) if one == "array" => format!("list of {}", kind(&property["items"], schema)),
        Value::String(one) => one.clone(),
        Value::Array(all) => all.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or "),
        _ => "as Meta has it".to_owned(),
    }
}

/// Words are shown as they are; the event types are a list of their own on the page.
fn named(name: &str, schema: &Value) -> String {
    let definition = &schema["$defs"][name];
    let choices = definition["oneOf"].as_array().into_iter().flatten();
    let of_choices = choices.flat_map(|choice| match choice["enum"].as_array() {
        Some(words) => words.iter().filter_map(Value::as_str).collect::<Vec<_>>(),
        None => choice["const"].as_str().into_iter().collect(),
    });
    let words: Vec<&str> = match definition["enum"].as_array() {
        Some(_) if name == "EventType" => return "an event type".to_owned(),
        Some(words) => words.iter().filter_map(Value::as_str).collect(),
        None => of_choices.collect(),
    };
    if words.is_empty() { name.to_owned() } else { words.join(", ") }
}
