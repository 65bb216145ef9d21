//! Everything that can go wrong in this crate.

use crate::time::utc_text;

/// An error of this crate; [`Error::hint`] is the way out.
///
/// `request` fields read `GET <url> for <symbol>`, `tries` counts the requests that were sent.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Text that is no symbol.
    #[error(
        "{found:?} is not a symbol: expected 1 to 20 uppercase letters A-Z, digits and letters of scripts without case, such as BTCUSDT"
    )]
    Symbol {
        /// Text that was read.
        found: String,
    },

    /// A contract that is paid in the coin itself.
    #[error(
        "{found:?} is a coin-margined contract: its volume counts contracts, not coins, which nothing here can tell"
    )]
    CoinMargined {
        /// Symbol of the contract.
        found: String,
    },

    /// Text that is no interval.
    #[error("{found:?} is not an interval: expected one of 1m 3m 5m 15m 30m 1h 2h 4h 6h 8h 12h 1d")]
    Interval {
        /// Text that was read.
        found: String,
    },

    /// An interval of the exchange that is no interval here.
    #[error(
        "candles of {found} are not taken: {reason}; known are 1m 3m 5m 15m 30m 1h 2h 4h 6h 8h 12h 1d"
    )]
    UntakenInterval {
        /// Name of the interval.
        found: String,
        /// Property that rules it out.
        reason: &'static str,
    },

    /// Text that is no market.
    #[error("{found:?} is not a market: expected spot or futures")]
    Market {
        /// Text that was read.
        found: String,
    },

    /// A candle that cannot be true.
    #[error(transparent)]
    Candle(Box<CandleError>),

    /// A simulated market that cannot be made as configured.
    #[error("data.simulated.{key} is {found}, expected {expected}")]
    Simulated {
        /// Key of [`SimulatedConfig`](crate::SimulatedConfig).
        key: &'static str,
        /// Value in the config.
        found: String,
        /// Values that can be made.
        expected: String,
    },

    /// A base URL that cannot be used.
    #[error("{found:?} is not a base URL: {reason}")]
    BaseUrl {
        /// Text without user and password.
        found: String,
        /// What is wrong with it.
        reason: String,
    },

    /// The HTTP client could not be set up.
    #[error("cannot set up the HTTP client: {reason}")]
    HttpClient {
        /// Message of the HTTP library.
        reason: String,
    },

    /// No connection, or it broke before an answer.
    #[error("{request}: no answer after {tries} tries: {reason}")]
    Unreachable {
        /// Request that failed.
        request: String,
        /// Number of tries.
        tries: u32,
        /// Message of the HTTP library.
        reason: String,
    },

    /// The answer did not come in time.
    #[error("{request}: no complete answer within {timeout_secs} s, {tries} tries")]
    Timeout {
        /// Request that failed.
        request: String,
        /// Seconds that each try may take.
        timeout_secs: f64,
        /// Number of tries.
        tries: u32,
    },

    /// Status 429, still or for longer than we are willing to wait.
    #[error(
        "{request}: status 429, too many requests; the server asks for {retry_after_secs} s of silence, {tries} tries"
    )]
    RateLimited {
        /// Request that failed.
        request: String,
        /// Seconds of silence that the server asks for.
        retry_after_secs: u64,
        /// Number of tries.
        tries: u32,
    },

    /// Not sent: an earlier answer asked for a longer silence than we are willing to wait for.
    #[error(
        "{request}: not sent, as an earlier answer calls for {left_secs} more seconds of silence"
    )]
    Silenced {
        /// Request that was not sent.
        request: String,
        /// Seconds until the silence ends.
        left_secs: u64,
    },

    /// Status 418: the address is banned.
    #[error("{request}: status 418, this address is banned until {until}")]
    Banned {
        /// Request that failed.
        request: String,
        /// End of the ban, UTC.
        until: String,
    },

    /// Status 403: a firewall between us and the exchange refuses.
    #[error("{request}: status 403, refused by the exchange's firewall: {found}")]
    Forbidden {
        /// Request that failed.
        request: String,
        /// Beginning of the answer.
        found: String,
    },

    /// Status 451: not served in this country.
    #[error(
        "{request}: status 451, the exchange does not serve the country this address is in: {found}"
    )]
    NotServedHere {
        /// Request that failed.
        request: String,
        /// Beginning of the answer.
        found: String,
    },

    /// Any other status that says no.
    #[error("{request}: status {status}: {found}")]
    Rejected {
        /// Request that failed.
        request: String,
        /// HTTP status.
        status: u16,
        /// Beginning of the answer.
        found: String,
    },

    /// The server fails (status 5xx).
    #[error("{request}: status {status} from the server, {tries} tries: {found}")]
    ServerFailure {
        /// Request that failed.
        request: String,
        /// Last HTTP status.
        status: u16,
        /// Number of tries.
        tries: u32,
        /// Beginning of the answer.
        found: String,
    },

    /// The answer ends early.
    #[error("{request}: the answer was cut off, {tries} tries: {reason}")]
    CutOff {
        /// Request that failed.
        request: String,
        /// Number of tries.
        tries: u32,
        /// Place at which it ends.
        reason: String,
    },

    /// The answer is larger than any honest one.
    #[error("{request}: the answer is larger than {limit_bytes} bytes")]
    TooLarge {
        /// Request that failed.
        request: String,
        /// Size of the largest answer that is read.
        limit_bytes: usize,
    },

    /// A file of the archive is not the one that its checksum promises.
    #[error(
        "{request}: the published sha256 is {published}, that of the {size_bytes} bytes received is {found}, {tries} tries"
    )]
    Checksum {
        /// Request that failed.
        request: String,
        /// SHA-256 in the file's checksum file.
        published: String,
        /// SHA-256 of the file that came.
        found: String,
        /// Size of the file that came.
        size_bytes: usize,
        /// Number of tries.
        tries: u32,
    },

    /// The answer is no JSON.
    #[error("{request}: expected JSON, found {found:?}, {tries} tries")]
    NotJson {
        /// Request that failed.
        request: String,
        /// Number of tries.
        tries: u32,
        /// Beginning of the answer.
        found: String,
    },

    /// The answer is JSON of another shape.
    #[error("{request}: {place}: expected {expected}, found {found}")]
    WrongShape {
        /// Request that failed.
        request: String,
        /// Place in the answer.
        place: String,
        /// What belongs there.
        expected: String,
        /// What is there.
        found: String,
    },

    /// A concurrent download ended abnormally.
    #[error("downloading candles: a task ended abnormally: {reason}")]
    Task {
        /// Message of the runtime.
        reason: String,
    },

    /// The websocket cannot be reached, has ended or is silent.
    #[error("websocket {url}: {reason}")]
    Stream {
        /// Address without the streams.
        url: String,
        /// What happened.
        reason: String,
    },
}

impl Error {
    /// The way out: a command to run, or what to change or check.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Simulated { key, .. } => {
                return Some(format!(
                    "correct it in the config file or with --set data.simulated.{key}=..."
                ));
            }
            Self::Symbol { .. }
            | Self::Interval { .. }
            | Self::Market { .. }
            | Self::Candle(_)
            | Self::HttpClient { .. }
            | Self::Task { .. } => return None,
            Self::CoinMargined { .. } => {
                "take the contract that is margined in USDT, such as BTCUSDT"
            }
            Self::UntakenInterval { .. } => "fetch candles of one of these",
            Self::BaseUrl { .. } => {
                "give a scheme and a host, for instance https://data-api.binance.vision"
            }
            Self::Unreachable { .. } => {
                "check the network connection and the base URL; a proxy is taken from HTTPS_PROXY"
            }
            Self::Timeout { .. } => "check the network connection, or allow a longer timeout",
            Self::RateLimited { .. } => {
                "wait that long, then ask for fewer symbols or less often; other programs on this \
                 address count too"
            }
            Self::Silenced { .. } => "wait that long, then try again",
            Self::Banned { .. } => {
                "send nothing before then: every further request makes the ban longer"
            }
            Self::Forbidden { .. } => {
                "wait some minutes before the next try, ask for less at once, or come from another \
                 network; spot candles by REST are also at the base URL \
                 https://data-api.binance.vision"
            }
            Self::NotServedHere { .. } => {
                "set the base URL to a host that serves this country; past candles are also in the \
                 archive at https://data.binance.vision (`quarterhour download`) and in files that \
                 you have (`quarterhour import FILE...`)"
            }
            Self::Rejected { .. } => {
                "check the symbol's spelling, whether it trades on this market, and the base URL"
            }
            Self::ServerFailure { .. } => {
                "the fault is the exchange's; try again in some minutes, a download goes on where \
                 it was"
            }
            Self::CutOff { .. } => "try again later",
            Self::TooLarge { .. } => "check the base URL",
            Self::Checksum { .. } => {
                "run the same command again later, the exchange may be replacing the file; if it \
                 stays so, something between here and the exchange changes files"
            }
            Self::NotJson { .. } => {
                "check the base URL; a captive portal or proxy may have answered"
            }
            Self::WrongShape { .. } => {
                "check the base URL; if it is the exchange's own, its answers have changed"
            }
            Self::Stream { .. } => {
                "candles can also be had by REST; check the network and the address"
            }
        };
        Some(hint.to_owned())
    }
}

/// Why a candle is not believed: the field, the value found and what was expected.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("candle at {} ({open_time_ms}): {field} is {value}, expected {expected}", utc_text(*open_time_ms))]
pub struct CandleError {
    /// Which candle, by its open time in UTC milliseconds.
    pub open_time_ms: i64,
    /// The field at fault.
    pub field: &'static str,
    /// The value found there.
    pub value: String,
    /// What would have been right.
    pub expected: String,
}

impl From<CandleError> for Error {
    fn from(error: CandleError) -> Self {
        Self::Candle(Box::new(error))
    }
}
