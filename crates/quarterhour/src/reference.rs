//! The book's reference of the config, made from the schema.

use std::fmt::Write;

use serde_json::Value;

const HEAD: &str = "# Config

<!-- Made from the doc comments of the config's types. Do not edit: \
`UPDATE_REFERENCE=1 cargo test -p quarterhour --release reference` writes it. -->

One TOML file serves all subcommands. It holds only what differs from the defaults, `--set
section.key=value` overrides it, `--set section.key=` takes a key out, and unknown keys are errors. A
run's `run.toml` has every key with its value; a key that has none, such as `data.until` where all
candles are used, is left out there.

`configs/schema.json` is a JSON Schema of the file, for editors that complete and check TOML (Taplo,
Even Better TOML): the first line `#:schema ./schema.json` in a config names it, as seen from the
config. `quarterhour schema` prints it, and `quarterhour schema --markdown` prints this page.

A section in double brackets may be there several times; `--set panel.NAME.key=value` overrides a key
of the one with that name.

A time is written with its unit: `\"15m\"`, `\"4h\"`, `\"7d\"`, with s, m, h, d or w. It must be a
whole number of bars of `data.interval`; only of `data.fill_limit` a part of a bar does not count.
Where a number can be switched off, the word `\"off\"` does it; where it is a limit, `\"all\"` is none.

In older versions times were counts of bars (`target.horizon_bars = 15`), and 0 or `\"\"` stood for
nothing. The `run.toml` of an older run is read as it was meant, in bars of its own interval; in a
config file or `--set` such a key is an error that says what to write instead. One table has them
all: `crates/cli/src/renamed.rs`.
";

/// The page `docs/src/reference/config.md`: every section with its keys.
pub fn config_reference(schema: &Value) -> String {
    let mut text = HEAD.to_owned();
    for name in cli::SECTIONS {
        if let Some(section) = schema["properties"].get(name) {
            write_section(&mut text, name, section);
        }
    }
    text
}

/// A section's keys, and the sections inside it after them.
fn write_section(text: &mut String, name: &str, schema: &Value) {
    let depth = "#".repeat(2 + name.matches('.').count());
    // Of a section that there may be several of, the schema is that of a list.
    let (head, prefix, schema) = match schema.get("items") {
        Some(section) => {
            let head = format!("[[{name}]]");
            (head.clone(), format!("The `{head}` sections: "), section)
        }
        None => (
            format!("[{name}]"),
            format!("The `[{name}]` section: "),
            schema,
        ),
    };
    let described = description(schema);
    let described = described.strip_prefix(&prefix).unwrap_or(described);
    let _ = write!(text, "\n{depth} `{head}`\n\n{}\n\n", capitalized(described));
    let Some(properties) = schema["properties"].as_object() else {
        return;
    };
    let is_section = |schema: &Value| schema.get("properties").is_some();
    for (key, schema) in properties.iter().filter(|(_, schema)| !is_section(schema)) {
        write_key(text, key, schema);
    }
    for (key, schema) in properties.iter().filter(|(_, schema)| is_section(schema)) {
        write_section(text, &format!("{name}.{key}"), schema);
    }
}

fn write_key(text: &mut String, key: &str, schema: &Value) {
    let default = match schema.get("default") {
        None => "no default".to_owned(),
        Some(default) => format!("default {}", code(default)),
    };
    let described = description(schema).replace("\n\n", " ");
    let _ = writeln!(
        text,
        "- **`{key}`** ({}; {default}). {described}",
        kind(schema)
    );
    for (value, meaning) in choices(schema) {
        let _ = writeln!(text, "  - {}: {meaning}", code(value));
    }
}

fn description(schema: &Value) -> &str {
    schema["description"].as_str().unwrap_or_default()
}

fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}

/// The values of a key that can have no others, each with its meaning.
fn choices(schema: &Value) -> impl Iterator<Item = (&Value, &str)> {
    let choices = schema["oneOf"].as_array().map_or(&[][..], Vec::as_slice);
    choices
        .iter()
        .map(|choice| (&choice["const"], description(choice)))
}

/// What kind of value a key has, in words.
fn kind(schema: &Value) -> String {
    if let Some(title) = schema["title"].as_str() {
        return title.to_owned();
    }
    if let Some(constant) = schema.get("const") {
        return code(constant);
    }
    if let Some(names) = schema["enum"].as_array() {
        let names: Vec<String> = names.iter().map(code).collect();
        return format!("one of {}", names.join(", "));
    }
    if schema.get("oneOf").is_some() {
        return "one of those below".to_owned();
    }
    if let Some(kinds) = schema["anyOf"].as_array() {
        let kinds: Vec<String> = kinds.iter().map(kind).collect();
        return kinds.join(" or ");
    }
    match schema["type"].as_str() {
        Some("boolean") => "`true` or `false`".to_owned(),
        Some("integer") => "whole number".to_owned(),
        Some("string") => "text".to_owned(),
        Some("array") => format!("list of {}", plural(&schema["items"])),
        Some("object") => format!(
            "table of {} by name",
            plural(&schema["additionalProperties"])
        ),
        Some(other) => other.to_owned(),
        None => "value of any kind".to_owned(),
    }
}

/// The same of several values.
fn plural(schema: &Value) -> String {
    let kind = kind(schema);
    match kind.split_once(' ') {
        Some(("list", rest)) => format!("lists {rest}"),
        Some(("value", rest)) => format!("values {rest}"),
        Some(("one", rest)) => format!("names, each one {rest}"),
        _ => kind + "s",
    }
}

/// A value as a config file writes it, which for numbers, texts and lists of them is as in JSON.
fn code(value: &Value) -> String {
    let text = match value {
        Value::Array(values) => {
            let values: Vec<String> = values.iter().map(Value::to_string).collect();
            format!("[{}]", values.join(", "))
        }
        other => other.to_string(),
    };
    format!("`{text}`")
}
