//! The names that columns of candles have elsewhere: the one place that knows them.

use std::path::Path;

use anyhow::anyhow;
use cli::WithHint;
use dataset::Column;

/// The columns of the exchange's archive files, which come without a header; rows of its REST
/// interface have the same order, and those of ccxt and freqtrade the first six.
pub const POSITIONAL: [&str; 12] = [
    "open_time",
    "open",
    "high",
    "low",
    "close",
    "volume",
    "close_time",
    "quote_volume",
    "count",
    "taker_buy_volume",
    "taker_buy_quote_volume",
    "ignore",
];

/// What a column holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Role {
    Time,
    Symbol,
    /// A coin's number in Kaggle's G-Research set.
    AssetId,
    Values(Column),
    /// A volume in the asset of this name, which is the base or the quote of the row's symbol.
    VolumeIn(String),
    CloseTime,
    /// Said by its own name to hold nothing.
    Nothing,
}

/// Names of the time that a candle opens; where a file has several, the first of these is taken.
const TIMES: [&str; 9] = [
    "open_time",
    "opentime",
    "open_timestamp",
    "timestamp",
    "unix",
    "unix_timestamp",
    "time",
    "datetime",
    "date",
];

/// Names as [`normalized`]: those of Binance's archive, python-binance, ccxt, freqtrade,
/// CryptoDataDownload, CryptoCompare and Kaggle's sets.
static NAMES: [(Role, &[&str]); 15] = [
    (Role::Symbol, &["symbol", "pair", "ticker"]),
    (Role::AssetId, &["asset_id"]),
    (Role::Values(Column::Open), &["open"]),
    (Role::Values(Column::High), &["high"]),
    (Role::Values(Column::Low), &["low"]),
    (Role::Values(Column::Close), &["close"]),
    (
        Role::Values(Column::Volume),
        &["volume", "base_volume", "base_asset_volume", "volumefrom"],
    ),
    (
        Role::Values(Column::QuoteVolume),
        &[
            "quote_volume",
            "quote_asset_volume",
            "quote_av",
            "volume_quote",
            "volume_currency",
            "volumeto",
        ],
    ),
    (
        Role::Values(Column::Count),
        &[
            "count",
            "trades",
            "number_of_trades",
            "num_trades",
            "n_trades",
            "trade_count",
            "tradecount",
        ],
    ),
    (
        Role::Values(Column::TakerBuyVolume),
        &[
            "taker_buy_volume",
            "taker_buy_base_asset_volume",
            "taker_buy_base_volume",
            "taker_buy_base",
            "tb_base_av",
        ],
    ),
    (
        Role::Values(Column::TakerBuyQuoteVolume),
        &[
            "taker_buy_quote_volume",
            "taker_buy_quote_asset_volume",
            "taker_buy_quote",
            "tb_quote_av",
        ],
    ),
    (Role::Values(Column::Target), &["target"]),
    (
        Role::Values(Column::MarketCap),
        &["market_cap", "marketcap", "market_capitalization", "mcap"],
    ),
    (
        Role::Values(Column::CirculatingSupply),
        &["circulating_supply", "available_supply"],
    ),
    (
        Role::CloseTime,
        &["close_time", "closetime", "close_timestamp"],
    ),
];

const NOTHING: [&str; 4] = ["ignore", "ignored", "can_be_ignored", "unused_field_ignore"];

/// Lowercase, with `_` for whatever is no letter or digit: `Volume (BTC)` is `volume_btc`.
fn normalized(name: &str) -> String {
    let lower = name.trim_start_matches('\u{feff}').to_lowercase();
    lower
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("_")
}

fn role(name: &str) -> Option<Role> {
    let name = normalized(name);
    if TIMES.contains(&name.as_str()) {
        return Some(Role::Time);
    }
    if NOTHING.contains(&name.as_str()) {
        return Some(Role::Nothing);
    }
    let known = NAMES
        .iter()
        .find(|(_, names)| names.contains(&name.as_str()))
        .map(|(role, _)| role.clone());
    known.or_else(|| {
        let asset = name.strip_prefix("volume_")?;
        (!asset.is_empty() && !asset.contains('_')).then(|| Role::VolumeIn(asset.to_uppercase()))
    })
}

/// The roles of the columns of one file.
#[derive(Debug, Default)]
pub struct ColumnRoles {
    /// Position and role of each column that is read.
    pub roles: Vec<(usize, Role)>,
    /// Names of the columns that are not taken.
    pub not_taken: Vec<String>,
    /// Number of columns.
    pub width: usize,
}

impl ColumnRoles {
    /// Of a file whose columns have names.
    ///
    /// # Errors
    /// No time or no close among them; two that mean the same.
    pub fn named(path: &Path, names: &[String]) -> anyhow::Result<Self> {
        let mut found: Vec<(usize, Role)> = names
            .iter()
            .enumerate()
            .filter_map(|(place, name)| Some((place, role(name)?)))
            .collect();
        let rank = |place: usize| {
            TIMES
                .iter()
                .position(|time| *time == normalized(&names[place]))
        };
        let time_at = found
            .iter()
            .filter(|(_, role)| *role == Role::Time)
            .map(|(place, _)| *place)
            .min_by_key(|&place| rank(place));
        let has_symbol = found.iter().any(|(_, role)| *role == Role::Symbol);
        found.retain(|(place, role)| match role {
            Role::Time => Some(*place) == time_at,
            Role::AssetId => !has_symbol,
            _ => true,
        });
        for (index, (place, role)) in found
            .iter()
            .enumerate()
            .filter(|(_, (_, role))| *role != Role::Nothing)
        {
            if let Some((earlier, _)) = found[..index].iter().find(|(_, other)| other == role) {
                return Err(anyhow!(
                    "{}: the columns `{}` and `{}` mean the same",
                    path.display(),
                    names[*earlier],
                    names[*place]
                )
                .hint("leave one of them out, or give it another name"));
            }
        }
        let has_close = found
            .iter()
            .any(|(_, role)| *role == Role::Values(Column::Close));
        let missing = [("time", time_at.is_some()), ("`close`", has_close)]
            .into_iter()
            .find(|(_, is_there)| !is_there);
        if let Some((missing, _)) = missing {
            return Err(Self::lacks(path, missing, names));
        }
        let is_read = |place: usize| found.iter().any(|(other, _)| *other == place);
        let unread = names
            .iter()
            .enumerate()
            .filter(|(place, name)| !is_read(*place) && !name.trim().is_empty());
        let not_taken = unread.map(|(_, name)| name.trim().to_owned()).collect();
        found.retain(|(_, role)| *role != Role::Nothing);
        Ok(Self {
            roles: found,
            not_taken,
            width: names.len(),
        })
    }

    /// Of rows without names: those of Binance (12 columns, of which newer answers may have one
    /// more) or ccxt (6).
    ///
    /// # Errors
    /// Another number of columns.
    pub fn positional(path: &Path, width: usize) -> anyhow::Result<Self> {
        if ![6, 11, 12, 13].contains(&width) {
            return Err(anyhow!(
                "{}: has no names of columns, and {width} of them, expected Binance's 12 \
                 ({}) or the first 6 of them",
                path.display(),
                POSITIONAL.join(", ")
            )
            .hint(
                "put a first line with the names before the others; `import --help` \
                 lists those that are known",
            ));
        }
        let names: Vec<String> = POSITIONAL
            .iter()
            .take(width)
            .map(|&name| name.to_owned())
            .collect();
        let columns = Self::named(path, &names)?;
        let not_taken = (POSITIONAL.len()..width)
            .map(|place| format!("number {}", place + 1))
            .collect();
        Ok(Self {
            width,
            not_taken,
            ..columns
        })
    }

    fn lacks(path: &Path, missing: &str, names: &[String]) -> anyhow::Error {
        anyhow!(
            "{}: has no column {missing}; its columns are {}",
            path.display(),
            names.join(", ")
        )
        .hint(format!(
            "a time ({}) and close are needed; `import --help` lists the names that are known",
            TIMES.join(", ")
        ))
    }

    /// Position of the column with this role.
    pub fn place(&self, wanted: &Role) -> Option<usize> {
        self.roles
            .iter()
            .find(|(_, role)| role == wanted)
            .map(|(place, _)| *place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roles_of(names: &[&str]) -> anyhow::Result<ColumnRoles> {
        ColumnRoles::named(
            Path::new("x.csv"),
            &names
                .iter()
                .map(|&name| name.to_owned())
                .collect::<Vec<_>>(),
        )
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "one list a program")]
    fn the_names_of_other_programs_are_known() {
        let columns = |names: &[&str]| -> Vec<&'static str> {
            let roles = roles_of(names).unwrap().roles;
            let name = |role: &Role| {
                if let Role::Values(column) = role {
                    Some(column.name())
                } else {
                    None
                }
            };
            roles.iter().filter_map(|(_, role)| name(role)).collect()
        };
        let all = [
            "open",
            "high",
            "low",
            "close",
            "volume",
            "quote_volume",
            "count",
            "taker_buy_volume",
            "taker_buy_quote_volume",
        ];
        assert_eq!(columns(&POSITIONAL), all);
        let python_binance = [
            "Open time",
            "Open",
            "High",
            "Low",
            "Close",
            "Volume",
            "Close time",
            "Quote asset volume",
            "Number of trades",
            "Taker buy base asset volume",
            "Taker buy quote asset volume",
            "Ignore",
        ];
        assert_eq!(columns(&python_binance), all);
        assert_eq!(roles_of(&python_binance).unwrap().not_taken, [""; 0]);
        assert_eq!(
            columns(&["date", "open", "high", "low", "close", "volume"]),
            all[..5]
        );
        let gresearch = [
            "timestamp",
            "Asset_ID",
            "Count",
            "Open",
            "High",
            "Low",
            "Close",
            "Volume",
            "VWAP",
            "Target",
        ];
        assert_eq!(roles_of(&gresearch).unwrap().place(&Role::AssetId), Some(1));
        assert_eq!(roles_of(&gresearch).unwrap().not_taken, ["VWAP"]);
        let daily = roles_of(&[
            "unix",
            "date",
            "symbol",
            "close",
            "Volume BTC",
            "Volume USDT",
            "tradecount",
        ])
        .unwrap();
        assert_eq!(daily.place(&Role::Time), Some(0));
        assert_eq!(daily.place(&Role::VolumeIn("USDT".to_owned())), Some(5));
        assert_eq!(daily.not_taken, ["date"]);
    }

    #[test]
    fn what_cannot_be_told_apart_is_refused() {
        let error = roles_of(&["time", "Close", "close"])
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("the columns `Close` and `close` mean the same"),
            "{error}"
        );
        assert!(
            roles_of(&["time", "open"])
                .unwrap_err()
                .to_string()
                .contains("has no column `close`; its columns are time, open")
        );
        assert!(
            ColumnRoles::positional(Path::new("x"), 9)
                .unwrap_err()
                .to_string()
                .contains("and 9 of them")
        );
    }
}
