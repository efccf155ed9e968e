//! The JSON Schema of scenario files: it is the one that the types give, and it says of every committed scenario that it is good.

use leasehold_sim::runner::scenario_schema;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

fn scenarios() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios")
}

fn schema() -> Value {
    serde_json::from_str(&scenario_schema()).unwrap()
}

#[test]
fn the_schema_that_is_kept_is_the_one_that_the_types_give() {
    let kept = fs::read_to_string(scenarios().join("scenario.schema.json")).unwrap_or_default();
    assert!(
        kept == scenario_schema(),
        "scenarios/scenario.schema.json is stale; renew it:\n  cargo run -q -- schema > scenarios/scenario.schema.json"
    );
}

#[test]
fn every_scenario_fits_the_schema_and_names_it() {
    let schema = schema();
    for folder in ["regressions", "fast", "incidents", "planted", "findings", "slow"] {
        for entry in fs::read_dir(scenarios().join(folder)).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|extension| extension != "toml") {
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            assert!(text.starts_with("#:schema ../scenario.schema.json\n"), "{}: its first line", path.display());
            let file: Value = toml::from_str(&text).unwrap();
            assert_eq!(misfit(&file, &schema, &schema, "$"), None, "{}", path.display());
        }
    }
}

#[test]
fn the_schema_refuses_what_the_validator_refuses() {
    let good = |change: fn(&mut Value)| {
        let mut file = json!({
            "name": "x", "until": "2s", "workload": [{ "kind": "kv" }],
            "timeline": [{ "at": "1s", "transfer": {} }],
            "expect": { "lease-hit-rate": ">= 0.9", "get-p99": { "whole": "<= 5ms" } },
        });
        change(&mut file);
        misfit(&file, &schema(), &schema(), "$")
    };
    assert_eq!(good(|_| ()), None);
    assert!(good(|file| file["until"] = json!(20)).is_some(), "no unit");
    assert!(good(|file| file["until"] = json!("20")).is_some(), "no unit");
    assert!(good(|file| file["sedes"] = json!(1)).is_some(), "unknown key");
    assert!(good(|file| file["workload"][0]["kind"] = json!("vk")).is_some(), "unknown kind");
    assert!(good(|file| file["timeline"][0]["heal"] = json!("everything")).is_some(), "two verbs");
    assert!(good(|file| file["timeline"][0]["transfer"]["to"] = json!("@leadr")).is_some(), "unknown selector");
    assert!(good(|file| file["expect"]["lease-hit-rat"] = json!(1)).is_some(), "unknown metric");
    assert!(good(|file| file["variant"] = json!("elastikv-549")).is_some(), "unknown variant");
    assert!(good(|file| file["cluster"] = json!({ "network": "same-as" })).is_some(), "unknown profile");
    assert!(good(|file| file["checks"] = json!({ "record-only": ["one-leas"] })).is_some(), "unknown check");
}

#[test]
fn every_key_is_described() {
    fn walk(value: &Value, place: &str) {
        let Value::Object(object) = value else { return };
        let closed = place.ends_with("Expect") || place.ends_with("Floors") || place.ends_with("Costs");
        let named = place.ends_with("Variants") || place.ends_with("Engines");
        if let Some(Value::Object(keys)) = object.get("properties").filter(|_| !closed && !named) {
            for (key, of) in keys {
                assert!(of.get("description").is_some(), "{place}.{key} has no description");
            }
        }
    }
    let schema = schema();
    walk(&schema, "File");
    schema["definitions"].as_object().unwrap().iter().for_each(|(name, of)| walk(of, name));
}

/// Where `value` does not fit `schema`, of the keywords that our schema uses; patterns by the part that editors show most. The
/// crate `jsonschema` would bring sixty others for this.
fn misfit(value: &Value, schema: &Value, root: &Value, place: &str) -> Option<String> {
    let Value::Object(rules) = schema else { return None };
    let fits = |schema: &Value| misfit(value, schema, root, place).is_none();
    let refused = |keyword: &str| Some(format!("{place}: {value} does not fit `{keyword}` of {schema}"));
    for (keyword, rule) in rules {
        let list = || rule.as_array().into_iter().flatten();
        let number = || value.as_f64().zip(rule.as_f64());
        let ok = match keyword.as_str() {
            "$schema" | "title" | "description" | "definitions" | "examples" | "format" | "default" => true,
            "$ref" => return misfit(value, root.pointer(rule.as_str()?.trim_start_matches('#'))?, root, place),
            "type" => is_of_type(value, rule.as_str()?),
            "enum" => list().any(|word| word == value),
            "const" => rule == value,
            "anyOf" => list().any(fits),
            "allOf" => list().all(fits),
            "oneOf" => list().filter(|schema| fits(schema)).count() == 1,
            "minimum" => number().is_none_or(|(value, least)| value >= least),
            "maximum" => number().is_none_or(|(value, most)| value <= most),
            "maxLength" => value.as_str().is_none_or(|text| (text.len() as u64) <= rule.as_u64().unwrap_or(0)),
            "minItems" => value.as_array().is_none_or(|items| items.len() as u64 >= rule.as_u64().unwrap_or(0)),
            "minProperties" => value.as_object().is_none_or(|object| object.len() as u64 >= rule.as_u64().unwrap_or(0)),
            "required" => list().all(|key| value.get(key.as_str().unwrap_or_default()).is_some()),
            "pattern" => value.as_str().is_none_or(|text| matches(rule.as_str().unwrap_or_default(), text)),
            "items" => {
                let items = value.as_array().into_iter().flatten().enumerate();
                let mut misfits = items.filter_map(|(n, item)| misfit(item, rule, root, &format!("{place}[{n}]")));
                match misfits.next() {
                    Some(misfit) => return Some(misfit),
                    None => true,
                }
            }
            "properties" | "additionalProperties" | "patternProperties" => match keys_misfit(value, rules, root, place)
            {
                Some(misfit) => return Some(misfit),
                None => true,
            },
            other => panic!("the schema uses `{other}`, which this test does not know"),
        };
        if !ok {
            return refused(keyword);
        }
    }
    None
}

fn keys_misfit(value: &Value, rules: &serde_json::Map<String, Value>, root: &Value, place: &str) -> Option<String> {
    let known = rules.get("properties").and_then(Value::as_object);
    let patterns = rules.get("patternProperties").and_then(Value::as_object);
    value.as_object()?.iter().find_map(|(key, value)| {
        let by_pattern = || patterns?.iter().find(|(pattern, _)| matches(pattern, key)).map(|(_, rule)| rule);
        let rule = known.and_then(|known| known.get(key)).or_else(by_pattern);
        let place = format!("{place}.{key}");
        match (rule, rules.get("additionalProperties")) {
            (Some(rule), _) => misfit(value, rule, root, &place),
            (None, Some(Value::Bool(false))) => Some(format!("{place}: unknown key")),
            (None, Some(rule)) => misfit(value, rule, root, &place),
            (None, None) => None,
        }
    })
}

fn is_of_type(value: &Value, kind: &str) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        other => panic!("the schema uses the type `{other}`, which this test does not know"),
    }
}

fn matches(pattern: &str, text: &str) -> bool {
    regex::Regex::new(pattern).unwrap().is_match(text)
}
