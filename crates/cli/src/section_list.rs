//! Sections of which a config may have several, each with a name: `[[panel]]`.

use anyhow::anyhow;
use toml::{Table, Value};

use crate::{WithHint, did_you_mean, usage};

/// The sections of which there may be several.
pub(crate) const LISTS: &[&str] = &["panel"];

/// Checks that a value is a list of sections.
pub(crate) fn check_list(name: &str, value: &Value) -> anyhow::Result<()> {
    let sections = value.as_array();
    if sections.is_some_and(|sections| sections.iter().all(Value::is_table)) {
        return Ok(());
    }
    let error = anyhow!("`{name}` is no list of sections, expected [[{name}]]");
    let hint = format!("[[{name}]] begins each of them, and its first key is `name`");
    Err(usage(error.hint(hint)))
}

/// The section of a list that has a name.
pub(crate) fn named_section<'a>(
    sections: &'a mut [Value],
    list: &str,
    name: Option<&str>,
) -> anyhow::Result<&'a mut Table> {
    let name_of = |section: &Value| Some(section.get("name")?.as_str()?.to_owned());
    let names: Vec<String> = sections.iter().filter_map(name_of).collect();
    let place = sections.iter().position(|section| name_of(section).as_deref() == name);
    let section = place.and_then(|place| sections.get_mut(place)?.as_table_mut());
    section.ok_or_else(|| {
        let name = name.unwrap_or_default();
        let hint = did_you_mean(name, &names)
            .unwrap_or_else(|| format!("--set {list}.NAME.KEY=VALUE, with one of these names"));
        let known = names.join(", ");
        anyhow!("found no [[{list}]] of the name `{name}`, expected one of {known}").hint(hint)
    })
}
