//! The JSON Schema of scenario files, for editors: of what their tables declare, never written by hand.

use serde_json::{Map, json};

use super::{section, table::Definitions};

/// The schema, as JSON with a final line break. `variants` and `checks` are the names that there are: the scenario room does
/// not know. Draft 7, the newest that Taplo (VS Code: Even Better TOML) handles.
pub fn json_schema(variants: &[&str], checks: &[&str]) -> String {
    let mut definitions = Definitions { variants, checks, named: Map::new() };
    let mut schema = definitions.closed(&section::keys());
    schema["$schema"] = json!("http://json-schema.org/draft-07/schema#");
    schema["title"] = json!("leasehold scenario");
    schema["definitions"] = definitions.named.into();
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}
