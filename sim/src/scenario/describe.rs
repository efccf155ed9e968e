//! The JSON Schema of scenario files, for editors: generated from the types of `schema`, never written by hand.

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::{
    Expect, Floors, Verb, schema, shape,
    table::{Definitions, Key, inner},
    validate,
};
use crate::words::Spelled;

/// The schema, as JSON with a final line break. `variants` and `checks` are the names that there are: the scenario room does
/// not know. Draft 7, the newest that Taplo (VS Code: Even Better TOML) handles.
pub fn json_schema(variants: &[&str], checks: &[&str]) -> String {
    let mut generator = SchemaSettings::draft07().into_generator();
    // Those that only steps refer to.
    generator.subschema_for::<(shape::At, shape::Moment, shape::Node, shape::Nodes, shape::OneNode)>();
    generator.subschema_for::<(shape::Bandwidth, shape::Drift, shape::Jump, shape::True)>();
    let schema = generator.into_root_schema_for::<schema::File>();
    let mut schema = schema.to_value();
    without_null(&mut schema);
    complete(&mut schema, variants, checks);
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}

/// TOML has no null: a key that may be left out is left out.
fn without_null(value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.retain(|key, value| key != "default" || !value.is_null());
            object.values_mut().for_each(without_null);
            flatten_optional(object);
        }
        Value::Array(items) => {
            items.retain(|item| *item != json!({ "type": "null" }) && *item != json!("null"));
            items.iter_mut().for_each(without_null);
        }
        _ => {}
    }
}

/// `anyOf` and `type` of one alternative are that alternative.
fn flatten_optional(object: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = object.get("type")
        && let [only] = &types[..]
    {
        let only = only.clone();
        object.insert("type".to_owned(), only);
    }
    let Some(Value::Array(alternatives)) = object.get("anyOf") else { return };
    let [Value::Object(only)] = &alternatives[..] else { return };
    let only = only.clone();
    object.remove("anyOf");
    if let (true, Some(reference)) = (object.contains_key("description"), only.get("$ref")) {
        // Draft 7 ignores what stands beside a `$ref`.
        object.insert("allOf".to_owned(), json!([{ "$ref": reference }]));
    } else {
        object.extend(only);
    }
}

/// What the types cannot say: a step has one verb and a time or a moment, and which variants and checks there are.
fn complete(schema: &mut Value, variants: &[&str], checks: &[&str]) {
    schema["title"] = json!("leasehold scenario");
    let mut definitions = Definitions { variants, checks, named: Map::new() };
    let about = "What must be true of a run: bounds on metrics, over the whole run or in tagged windows.";
    let taken = [
        Key::of("expect", about, inner::<Expect>()),
        Key::of("floors", "What the run must have exercised, or it fails as vacuous.", inner::<Floors>()),
    ];
    for key in taken {
        schema["properties"][key.name.as_ref()] = key.described(&mut definitions);
    }
    let mut verbs: Vec<&str> = ["tag"].into_iter().chain(Verb::all().map(Verb::name)).collect();
    verbs.sort_unstable();
    let one: Vec<Value> = verbs.iter().map(|verb| json!({ "required": [verb] })).collect();
    let mut step = definitions.closed(&validate::step_keys());
    step["oneOf"] = one.into();
    step["anyOf"] = json!([{ "required": ["at"] }, { "required": ["when"] }]);
    definitions.named("Step", |_| step);
    let all = &mut schema["definitions"];
    all["VariantName"] = json!({ "enum": variants });
    all["CheckName"] = json!({ "enum": checks });
    let keys: Map<String, Value> =
        variants.iter().map(|name| ((*name).to_owned(), json!({ "$ref": "#/definitions/Changes" }))).collect();
    all["ClusterVariants"] = json!({ "type": "object", "properties": keys, "additionalProperties": false });
    for (name, of) in definitions.named {
        all[name] = of;
    }
}
