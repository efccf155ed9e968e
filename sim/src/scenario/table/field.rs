//! What stands at the keys of a table.

use std::marker::PhantomData;

use super::{Entry, Key, Keys, Kind, Reader, Table};
use crate::scenario::Problem;

/// One or several keys of a table that give one field.
pub(in crate::scenario) trait Field: Sized + 'static {
    type Of;

    fn keys(self, name: &'static str, about: &'static str) -> Vec<Key>;

    /// What is there; what is not is as in `base`. `None` if what is there was refused.
    fn read(&self, entry: Entry<'_>, base: Option<&Self::Of>, reader: &mut Reader<'_>) -> Option<Self::Of>;

    fn put(&self, key: &str, base: Option<&Self::Of>, value: &Self::Of, keys: Keys) -> Keys;
}

/// What may be left out, and then means something.
pub(in crate::scenario) trait Unsaid: Field {
    fn unsaid(&self) -> Self::Of;
}

/// What may be left out.
pub(in crate::scenario) struct Maybe<K>(pub K);

impl<K: Kind<Of: Clone + PartialEq>> Field for Maybe<K> {
    type Of = Option<K::Of>;

    fn keys(self, name: &'static str, about: &'static str) -> Vec<Key> {
        vec![Key::of(name, about, self.0)]
    }

    fn read(&self, entry: Entry<'_>, base: Option<&Self::Of>, reader: &mut Reader<'_>) -> Option<Self::Of> {
        match entry.raw() {
            Some(raw) => self.0.read(entry.key, raw, reader).map(Some),
            None => Some(base.cloned().flatten()),
        }
    }

    fn put(&self, key: &str, base: Option<&Self::Of>, value: &Self::Of, keys: Keys) -> Keys {
        match value {
            Some(said) if base != Some(value) => keys.key(key, self.0.toml(said)),
            Some(_) | None => keys,
        }
    }
}

impl<K: Kind<Of: Clone + PartialEq>> Unsaid for Maybe<K> {
    fn unsaid(&self) -> Self::Of {
        None
    }
}

/// What has a default. Of a table that is there, what it leaves out is as in the default.
pub(in crate::scenario) struct Or<T, K>(pub T, pub K);

impl<T: Clone + PartialEq + 'static, K: Kind<Of = T>> Field for Or<T, K> {
    type Of = T;

    fn keys(self, name: &'static str, about: &'static str) -> Vec<Key> {
        vec![Key::of(name, about, self.1)]
    }

    fn read(&self, entry: Entry<'_>, base: Option<&T>, reader: &mut Reader<'_>) -> Option<T> {
        let base = base.unwrap_or(&self.0);
        match entry.raw() {
            Some(raw) => self.1.read_over(base, entry.key, raw, reader),
            None => Some(base.clone()),
        }
    }

    fn put(&self, key: &str, base: Option<&T>, value: &T, keys: Keys) -> Keys {
        let base = base.unwrap_or(&self.0);
        if value == base { keys } else { keys.key(key, self.1.toml_over(base, value)) }
    }
}

impl<T: Clone + PartialEq + 'static, K: Kind<Of = T>> Unsaid for Or<T, K> {
    fn unsaid(&self) -> T {
        self.0.clone()
    }
}

/// What must be there; else the problem, and what helps.
pub(in crate::scenario) struct Needed<K>(pub K, pub &'static str, pub &'static str);

impl<K: Kind> Field for Needed<K> {
    type Of = K::Of;

    fn keys(self, name: &'static str, about: &'static str) -> Vec<Key> {
        vec![Key::of(name, about, self.0).needed()]
    }

    fn read(&self, entry: Entry<'_>, _: Option<&K::Of>, reader: &mut Reader<'_>) -> Option<K::Of> {
        let Self(kind, message, help) = self;
        match entry.raw() {
            Some(raw) => kind.read(entry.key, raw, reader),
            None => reader.report.lacking(Problem::new(message).at(entry.place()).help(help)),
        }
    }

    fn put(&self, key: &str, _: Option<&K::Of>, value: &K::Of, keys: Keys) -> Keys {
        keys.key(key, self.0.toml(value))
    }
}

/// A table whose keys stand among those of the table around it.
pub(in crate::scenario) struct Among<T>(PhantomData<T>);

pub(in crate::scenario) const fn among<T: Table>() -> Among<T> {
    Among(PhantomData)
}

impl<T: Table> Field for Among<T> {
    type Of = T;

    fn keys(self, _: &'static str, _: &'static str) -> Vec<Key> {
        T::keys()
    }

    fn read(&self, entry: Entry<'_>, base: Option<&T>, reader: &mut Reader<'_>) -> Option<T> {
        T::decode(base, entry.table, reader)
    }

    fn put(&self, _: &str, base: Option<&T>, value: &T, keys: Keys) -> Keys {
        value.put(base, keys)
    }
}

impl<T: Table + Default> Unsaid for Among<T> {
    fn unsaid(&self) -> T {
        T::default()
    }
}

/// What no key says.
pub(in crate::scenario) struct Aside<T>(pub fn(Entry<'_>, &mut Reader<'_>) -> T);

/// The line of the file (1-based) on which a table begins.
pub(in crate::scenario) const LINE: Aside<usize> = Aside(|entry, reader| reader.report.line(&entry.table.span));

impl<T: Clone + 'static> Field for Aside<T> {
    type Of = T;

    fn keys(self, _: &'static str, _: &'static str) -> Vec<Key> {
        Vec::new()
    }

    fn read(&self, entry: Entry<'_>, _: Option<&T>, reader: &mut Reader<'_>) -> Option<T> {
        Some((self.0)(entry, reader))
    }

    fn put(&self, _: &str, _: Option<&T>, _: &T, keys: Keys) -> Keys {
        keys
    }
}
