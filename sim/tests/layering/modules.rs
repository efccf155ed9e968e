//! Which module takes something from which, read from the sources.
//!
//! A text search, not a compiler: it follows paths that begin with `crate`, `self` or `super`, and what a module re-exports
//! from its children. A module and those inside it are one house: what they take from each other is no arrow.

use std::collections::{BTreeMap, BTreeSet};

/// A module's path from the crate's root.
type Path = Vec<String>;

/// The modules of a crate, and who takes from whom.
pub(crate) struct Modules {
    /// By path: the file, and its code without comments and unit tests.
    modules: BTreeMap<Path, (String, String)>,
    /// By module and name: the module that the name is re-exported from.
    exports: BTreeMap<(Path, String), Path>,
}

impl Modules {
    /// Those of the crate whose sources are below `folder`, each with its text.
    pub(crate) fn of(folder: &str, sources: Vec<(String, String)>) -> Self {
        let is_test =
            |file: &str| file.contains("/tests/") || file.ends_with("/tests.rs") || file.ends_with("/testing.rs");
        let code = sources.into_iter().filter(|(file, _)| !is_test(file));
        let modules = code.map(|(file, text)| (path_of(folder, &file), (file, without_tests(&text)))).collect();
        let mut all = Self { modules, exports: BTreeMap::new() };
        // From the bottom up: what a module re-exports whole, with a `*`, may be re-exported itself.
        for (module, (_, text)) in all.modules.iter().rev() {
            for path in used(text) {
                let Some((name, from)) = path.split_last() else { continue };
                let child: Path = module.iter().chain(from).cloned().collect();
                let Some((_, inside)) = all.modules.get(&child).filter(|_| !from.is_empty()) else { continue };
                let names = if name == "*" { all.named_in(&child, inside) } else { vec![name.clone()] };
                all.exports.extend(names.into_iter().map(|name| ((module.clone(), name), child.clone())));
            }
        }
        all
    }

    /// What the module at `path` defines or re-exports.
    fn named_in(&self, path: &Path, text: &str) -> Vec<String> {
        let exported = self.exports.keys().filter(|(module, _)| module == path).map(|(_, name)| name.clone());
        exported.chain(defined(text)).collect()
    }

    /// The groups of files that take from each other in a circle.
    pub(crate) fn circles(&self) -> Vec<Vec<&str>> {
        let arrows: BTreeMap<&Path, BTreeSet<Path>> =
            self.modules.iter().map(|(module, (_, text))| (module, self.taken_by(module, text))).collect();
        let reached: BTreeMap<&Path, BTreeSet<Path>> =
            arrows.keys().map(|module| (*module, reachable(module, &arrows))).collect();
        let mut circles = Vec::new();
        let mut seen = BTreeSet::new();
        for (module, others) in &reached {
            let circle: Vec<&Path> =
                others.iter().filter(|other| reached.get(other).is_some_and(|back| back.contains(*module))).collect();
            if !circle.is_empty() && seen.insert(circle.clone()) {
                circles.push(circle.iter().map(|path| self.modules[*path].0.as_str()).collect());
            }
        }
        circles
    }

    fn taken_by(&self, module: &Path, text: &str) -> BTreeSet<Path> {
        let taken = anchored(text).into_iter().map(|path| self.resolve(module, &path));
        taken.filter(|to| !to.starts_with(module) && !module.starts_with(to)).collect()
    }

    /// The module in which what `path` names is defined, seen from `module`.
    fn resolve(&self, module: &Path, path: &[String]) -> Path {
        let mut at = module.clone();
        for part in path {
            match part.as_str() {
                "crate" => at.clear(),
                "self" => {}
                "super" => drop(at.pop()),
                name => {
                    let below: Path = at.iter().cloned().chain([name.to_owned()]).collect();
                    if self.modules.contains_key(&below) {
                        at = below;
                        continue;
                    }
                    let Some(mut from) = self.exports.get(&(at.clone(), name.to_owned())) else { break };
                    while let Some(further) = self.exports.get(&(from.clone(), name.to_owned())) {
                        from = further;
                    }
                    at = from.clone();
                }
            }
        }
        at
    }
}

fn reachable(module: &Path, arrows: &BTreeMap<&Path, BTreeSet<Path>>) -> BTreeSet<Path> {
    let mut reached = BTreeSet::new();
    let mut next: Vec<&Path> = arrows[module].iter().collect();
    while let Some(to) = next.pop() {
        if reached.insert(to.clone()) {
            next.extend(arrows.get(to).into_iter().flatten());
        }
    }
    reached
}

fn path_of(folder: &str, file: &str) -> Path {
    let below = file.strip_prefix(folder).unwrap_or(file).trim_matches('/').trim_end_matches(".rs");
    let parts = below.split('/').filter(|part| !["mod", "lib", "main"].contains(part));
    parts.map(str::to_owned).collect()
}

/// The code of a file: no comments, and nothing from its unit tests on, which stand at its end.
pub(crate) fn without_tests(text: &str) -> String {
    let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or(text);
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// The names of the items that a text defines for others.
fn defined(text: &str) -> Vec<String> {
    const ITEMS: [&str; 7] = ["fn", "struct", "enum", "trait", "type", "const", "static"];
    let after_pub = text.split("pub").skip(1).map(|rest| match rest.strip_prefix('(') {
        Some(rest) => rest.split_once(')').map_or("", |(_, rest)| rest),
        None => rest,
    });
    let named = after_pub.filter_map(|rest| {
        let mut words = rest.trim_start().trim_start_matches("const fn").split_whitespace();
        let name = words.find(|word| !ITEMS.contains(word))?;
        Some(name.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect())
    });
    named.collect()
}

/// The paths of all `use` declarations that begin with a name.
fn used(text: &str) -> Vec<Path> {
    let starts = text.match_indices("use ").filter(|(at, _)| text[..*at].ends_with(['\n', ' ', ')']) || *at == 0);
    let paths = starts.flat_map(|(at, _)| tree(&text[at + "use ".len()..]).0);
    paths.map(|path| path.into_iter().skip_while(|part| part == "self").collect::<Path>()).collect()
}

/// All paths of the text that begin with `crate`, `self` or `super`.
fn anchored(text: &str) -> Vec<Path> {
    let mut paths = Vec::new();
    for anchor in ["crate::", "self::", "super::"] {
        let is_first = |at: usize| !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':');
        let starts = text.match_indices(anchor).filter(|(at, _)| is_first(*at));
        paths.extend(starts.flat_map(|(at, _)| tree(&text[at..]).0));
    }
    paths
}

/// The paths of the tree that `text` begins with, `a::{b, c::d}`, and how long it is.
fn tree(text: &str) -> (Vec<Path>, usize) {
    let mut path = Path::new();
    let mut at = 0;
    loop {
        at += text[at..].len() - text[at..].trim_start().len();
        if text[at..].starts_with('{') {
            at += 1;
            let mut paths = Vec::new();
            while !text[at..].starts_with('}') {
                let (inner, length) = tree(&text[at..]);
                if length == 0 && !text[at..].starts_with([',', ' ', '\n']) {
                    break;
                }
                paths.extend(inner.into_iter().map(|rest| path.iter().cloned().chain(rest).collect()));
                at += length.max(1);
            }
            return (paths, at + 1);
        }
        let name: String = text[at..].chars().take_while(|c| c.is_alphanumeric() || *c == '_' || *c == '*').collect();
        if name.is_empty() {
            return (if path.is_empty() { Vec::new() } else { vec![path] }, at);
        }
        at += name.len();
        path.push(name);
        if !text[at..].starts_with("::") {
            return (vec![path], at);
        }
        at += "::".len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn circles(files: &[(&str, &str)]) -> Vec<Vec<String>> {
        let sources = files.iter().map(|(file, text)| ((*file).to_owned(), (*text).to_owned())).collect();
        let owned = |circle: Vec<&str>| circle.into_iter().map(str::to_owned).collect();
        Modules::of("src", sources).circles().into_iter().map(owned).collect()
    }

    #[test]
    fn files_that_take_from_each_other_are_a_circle() {
        let a = ("src/a.rs", "use crate::{c, b::{self, Thing}};");
        assert_eq!(circles(&[a, ("src/b.rs", "fn f() { super::a::g() }")]), [["src/a.rs", "src/b.rs"]]);
        assert!(circles(&[a, ("src/b.rs", "// super::a::g()")]).is_empty());
        assert!(circles(&[a, ("src/b.rs", "#[cfg(test)]\nmod tests { use crate::a; }")]).is_empty());
    }

    #[test]
    fn a_name_is_of_the_module_that_it_is_re_exported_from() {
        let room = ("src/room/mod.rs", "pub use one::Thing;\npub(crate) use self::two::{Other, More};");
        let one = ("src/room/one.rs", "use super::Other;");
        let two = ("src/room/two.rs", "use crate::room::Thing;");
        assert_eq!(circles(&[room, one, two]), [["src/room/one.rs", "src/room/two.rs"]]);
        assert!(circles(&[room, one, ("src/room/two.rs", "")]).is_empty());
    }

    #[test]
    fn what_is_re_exported_whole_is_of_the_module_that_defines_it() {
        let top = ("src/room/mod.rs", "pub use self::{inner::*, two::*};");
        let inner = ("src/room/inner/mod.rs", "pub use one::*;");
        let one = ("src/room/inner/one.rs", "pub struct Thing;\nuse crate::room::other;");
        let two = ("src/room/two.rs", "pub(super) const fn other() {}\nuse crate::room::Thing;");
        assert_eq!(circles(&[top, inner, one, two]), [["src/room/inner/one.rs", "src/room/two.rs"]]);
        assert!(circles(&[top, inner, one, ("src/room/two.rs", "pub fn other() {}")]).is_empty());
    }

    #[test]
    fn a_module_and_those_inside_it_are_one_house() {
        assert!(circles(&[("src/room/mod.rs", "use self::one::f;"), ("src/room/one.rs", "use super::g;")]).is_empty());
    }
}
