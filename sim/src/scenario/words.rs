//! How links, drifts and jumps are written.

use std::{fmt, str::FromStr};

use super::{Drift, Jump, Selector, Wire, units::written};
use crate::words::{Misread, quote};

pub(super) use crate::words::{Spelled, is_kebab, kebab, nearest, unknown, unknown_of_many};

impl fmt::Display for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to, one_way } = self;
        write!(f, "n{from}{}n{to}", if *one_way { '>' } else { '-' })
    }
}

impl FromStr for Wire {
    type Err = Misread;

    fn from_str(text: &str) -> Result<Self, Misread> {
        let forms = "two nodes: `n1-n2` there and back, `n1>n2` one way";
        let node = |text: &str| match text.trim().parse() {
            Ok(Selector::Node(number)) => Some(number),
            Ok(_) | Err(_) => None,
        };
        let ends = text.split_once('>').map(|ends| (ends, true)).or(text.split_once('-').map(|ends| (ends, false)));
        let wire = ends.and_then(|((from, to), one_way)| Some((node(from)?, node(to)?, one_way)));
        match wire {
            Some((from, to, _)) if from == to => {
                Err(Misread::new(format!("there is no link from `n{from}` to itself")).help(forms))
            }
            Some((from, to, true)) => Ok(Self { from, to, one_way: true }),
            Some((from, to, false)) => Ok(Self { from: from.min(to), to: from.max(to), one_way: false }),
            None => Err(Misread::new(format!("{} is not a link", quote(text))).help(forms)),
        }
    }
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:+}ppm", self.0)
    }
}

impl fmt::Display for Jump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.back { '-' } else { '+' }, written(self.by))
    }
}
