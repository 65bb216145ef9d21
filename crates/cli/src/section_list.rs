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
    let is_wanted = |section: &Value| name.is_some() && name_of(section).as_deref() == name;
    let place = sections.iter().position(is_wanted);
    let section = place.and_then(|place| sections.get_mut(place)?.as_table_mut());
    section.ok_or_else(|| {
        let name = name.unwrap_or_default();
        let hint = did_you_mean(name, &names)
            .unwrap_or_else(|| format!("--set {list}.NAME.KEY=VALUE, with one of these names"));
        let known = names.join(", ");
        anyhow!("found no [[{list}]] of the name `{name}`, expected one of {known}").hint(hint)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hints;

    fn list() -> Vec<Value> {
        let text = "[[panel]]\nname = \"spot\"\n[[panel]]\nname = \"futures\"\n[[panel]]\n";
        let table: Table = toml::from_str(text).unwrap();
        table["panel"].as_array().unwrap().clone()
    }

    #[test]
    fn a_section_is_found_by_its_name() {
        let mut list = list();
        let section = named_section(&mut list, "panel", Some("futures")).unwrap();
        section.insert("dir".to_owned(), Value::from("other"));
        assert_eq!(list[1]["dir"].as_str(), Some("other"));
        let error = named_section(&mut list, "panel", Some("futrues")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "found no [[panel]] of the name `futrues`, expected one of spot, futures"
        );
        assert_eq!(hints(&error, |_| None), ["did you mean `futures`?"]);
        // Not the one without a name.
        assert!(named_section(&mut list, "panel", None).is_err());
    }

    #[test]
    fn only_a_list_of_sections_is_one() {
        check_list("panel", &Value::Array(list())).unwrap();
        check_list("panel", &Value::Array(Vec::new())).unwrap();
        for value in [
            Value::from("spot"),
            Value::from(Table::new()),
            vec![1].into(),
        ] {
            assert!(check_list("panel", &value).is_err(), "{value}");
        }
    }
}
