//! The shape of a document for editors: a JSON Schema that follows from the types that read it.
//!
//! It knows the fields and their kinds. What a field means beside another, gaps and overlaps are
//! for the domain lib that reads the section.

use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use crate::Section;

/// The keys of a section, as its owner reads them.
#[derive(Debug, Default)]
pub struct SectionSchema {
    properties: Map<String, Value>,
    required: Vec<Value>,
}

impl SectionSchema {
    /// A section without keys.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the rows `[[section.key]]`, with the fields of `T` and those of every row.
    #[must_use]
    pub fn rows<T: JsonSchema>(mut self, key: &'static str) -> Self {
        let mut row = shape::<T>();
        let (properties, mut required) = parts(&mut row);
        required.extend(["source", "valid_from"].map(Value::from));
        let properties = with_validity(properties);
        row.insert("properties".to_owned(), properties.into());
        row.insert("required".to_owned(), required.into());
        let rows = json!({ "type": "array", "items": row });
        self.properties.insert(key.to_owned(), rows);
        self
    }

    /// Adds what stands directly under `[section]`: the fields of `T`, and a source.
    #[must_use]
    pub fn settings<T: JsonSchema>(mut self) -> Self {
        let mut row = shape::<T>();
        let (properties, required) = parts(&mut row);
        self.properties.extend(with_validity(properties));
        self.required.extend(required);
        self.required.push("source".into());
        self
    }

    fn value(self) -> Value {
        json!({
            "type": "object",
            "additionalProperties": false,
            "properties": self.properties,
            "required": self.required,
        })
    }
}

/// The schema of a whole document with these sections, at least one of them in it.
pub fn document_schema(sections: impl IntoIterator<Item = (Section, SectionSchema)>) -> Value {
    let day = day();
    let mut properties = Map::new();
    for (key, shape) in [
        (
            "id",
            json!({ "type": "string", "pattern": "^[a-z0-9-]{2,60}$" }),
        ),
        ("version", json!({ "type": "integer", "minimum": 1 })),
        ("tenant", json!({ "type": "string" })),
        ("title", json!({ "type": "string", "minLength": 1 })),
        ("not_printed", json!({ "type": "string", "minLength": 1 })),
        ("valid_from", day.clone()),
        ("valid_to", day),
        (
            "sources",
            json!({ "type": "object", "additionalProperties": { "type": "string" } }),
        ),
    ] {
        properties.insert(key.to_owned(), shape);
    }
    let mut any = Vec::new();
    for (section, shape) in sections {
        any.push(json!({ "required": [section.name()] }));
        properties.insert(section.name().to_owned(), shape.value());
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A policy document",
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
        "required": ["id", "version", "tenant", "title", "valid_from", "sources"],
        "anyOf": any,
    })
}

fn shape<T: JsonSchema>() -> Map<String, Value> {
    let mut settings = SchemaSettings::draft2020_12();
    settings.inline_subschemas = true;
    settings.meta_schema = None;
    let schema = settings.into_generator().into_root_schema_for::<T>();
    match schema.to_value() {
        Value::Object(shape) => shape,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Map::new()
        }
    }
}

/// The properties of a shape, and which of them it requires.
fn parts(shape: &mut Map<String, Value>) -> (Map<String, Value>, Vec<Value>) {
    let properties = match shape.remove("properties") {
        Some(Value::Object(properties)) => properties,
        _ => Map::new(),
    };
    let required = match shape.remove("required") {
        Some(Value::Array(required)) => required,
        _ => Vec::new(),
    };
    (properties, required)
}

fn with_validity(mut properties: Map<String, Value>) -> Map<String, Value> {
    let source =
        json!({ "type": "string", "description": "A key of [sources], then the paragraph." });
    properties.insert("source".to_owned(), source);
    properties.insert("valid_from".to_owned(), day());
    properties.insert("valid_to".to_owned(), day());
    properties
}

fn day() -> Value {
    json!({ "type": "string", "format": "date" })
}
