//! What the JSON Schema says of tables and values.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use super::Table;

/// What the JSON Schema defines once, and refers to by name.
#[derive(Default)]
pub(in crate::scenario) struct Definitions<'a> {
    /// The names of variants: the scenario room does not know which there are.
    pub variants: &'a [&'a str],
    /// The names of checks: likewise.
    pub checks: &'a [&'a str],
    pub named: Map<String, Value>,
}

impl Definitions<'_> {
    /// A reference to what is defined under `name`: `schema`.
    pub(in crate::scenario) fn named(&mut self, name: &str, schema: impl FnOnce(&mut Self) -> Value) -> Value {
        if !self.named.contains_key(name) {
            let schema = schema(self);
            self.named.insert(name.to_owned(), schema);
        }
        json!({ "$ref": format!("#/definitions/{name}") })
    }

    pub(in crate::scenario) fn table<T: Table>(&mut self) -> Value {
        self.named(T::NAME, |definitions| definitions.closed(&T::keys()))
    }

    /// A table with these keys and no others.
    pub(in crate::scenario) fn closed(&mut self, keys: &[Key]) -> Value {
        let properties: Map<String, Value> =
            keys.iter().map(|key| (key.name.clone().into_owned(), key.described(self))).collect();
        let needed: Vec<&str> = keys.iter().filter(|key| key.needed).map(|key| key.name.as_ref()).collect();
        let mut schema = json!({ "type": "object", "properties": properties, "additionalProperties": false });
        if !needed.is_empty() {
            schema["required"] = needed.into();
        }
        schema
    }
}

/// What may stand at a key.
type Schema = Box<dyn Fn(&mut Definitions<'_>) -> Value>;

/// A key of a table, as the JSON Schema has it.
pub(in crate::scenario) struct Key {
    pub name: Cow<'static, str>,
    /// A docstring, by lines.
    about: Cow<'static, str>,
    schema: Schema,
    needed: bool,
}

impl Key {
    pub(in crate::scenario) fn new(
        name: impl Into<Cow<'static, str>>,
        about: impl Into<Cow<'static, str>>,
        schema: impl Fn(&mut Definitions<'_>) -> Value + 'static,
    ) -> Self {
        Self { name: name.into(), about: about.into(), schema: Box::new(schema), needed: false }
    }

    pub(in crate::scenario) fn needed(self) -> Self {
        Self { needed: true, ..self }
    }

    /// Draft 7 ignores what stands beside a `$ref`.
    pub(in crate::scenario) fn described(&self, definitions: &mut Definitions<'_>) -> Value {
        let schema = (self.schema)(definitions);
        let mut schema = if schema.get("$ref").is_some() { json!({ "allOf": [schema] }) } else { schema };
        schema["description"] = self.about.lines().map(str::trim).collect::<Vec<_>>().join("\n").into();
        schema
    }
}
