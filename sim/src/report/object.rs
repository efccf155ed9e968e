//! Objects of JSON whose fields stand in the order in which they were given, as in the reports for programs.

use serde::{Serialize, Serializer, ser::SerializeMap as _};
use serde_json::value::{RawValue, to_raw_value};
use std::fmt;

/// An object, field by field.
#[derive(Default)]
pub(crate) struct Object(Vec<(String, Option<Box<RawValue>>)>);

impl Object {
    /// With one more field.
    pub(crate) fn with(mut self, name: &str, value: impl Serialize) -> Self {
        // Strings, numbers, and lists and maps of them: serde_json has nothing to refuse.
        self.0.push((name.to_owned(), to_raw_value(&value).ok()));
        self
    }
}

impl Serialize for Object {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        self.0.iter().try_for_each(|(name, value)| map.serialize_entry(name, value))?;
        map.end()
    }
}

/// On one line.
impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::Object;

    #[test]
    fn fields_stand_in_the_order_in_which_they_were_given() {
        let inner = Object::default().with("z", 0.5).with("a", "\"");
        let outer = Object::default().with("list", vec![inner]).with("b", None::<u64>);
        assert_eq!(outer.to_string(), r#"{"list":[{"z":0.5,"a":"\""}],"b":null}"#);
    }
}
