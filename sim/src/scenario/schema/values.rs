//! What may stand as a value: a word, a list of them, a table; read without a buffer, so that each keeps its place.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, Visitor, value::MapAccessDeserializer},
};

/// A value that is one word: the number or the quoted text that stands in the file. What a number means is for its
/// reader to say (`"50ms"` is a duration, `50` lacks a unit).
#[derive(Clone, Debug)]
pub(in crate::scenario) struct Scalar(pub String);

/// A word, or a table that says more.
#[derive(Debug)]
pub(in crate::scenario) enum Or<T> {
    Word(Scalar),
    Table(T),
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

struct ScalarVisitor;

impl Visitor<'_> for ScalarVisitor {
    type Value = Scalar;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a quoted text or a number")
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Scalar, E> {
        Ok(Scalar(value.to_owned()))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Scalar, E> {
        Ok(Scalar(value.to_string()))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Scalar, E> {
        Ok(Scalar(value.to_string()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Scalar, E> {
        // `Display` of f64 gives the shortest decimal that reads back as the same number: what the author wrote.
        Ok(Scalar(value.to_string()))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Or<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OrVisitor(PhantomData))
    }
}

struct OrVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for OrVisitor<T> {
    type Value = Or<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a quoted text, a number or a table")
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Or<T>, E> {
        ScalarVisitor.visit_str(value).map(Or::Word)
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Or<T>, E> {
        ScalarVisitor.visit_i64(value).map(Or::Word)
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Or<T>, E> {
        ScalarVisitor.visit_u64(value).map(Or::Word)
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Or<T>, E> {
        ScalarVisitor.visit_f64(value).map(Or::Word)
    }

    // Hands over the same map access, unbuffered, so that spans inside the table are kept.
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Or<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Or::Table)
    }
}
