//! Everything that can go wrong in this crate.

use crate::time::utc_text;

/// An error of this crate. Where there is a way out, the text's last line is `hint: ...`.
///
/// `request` fields read `GET <url> for <symbol>`.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Text that is no symbol.
    #[error(
        "{found:?} is not a symbol: expected 1 to 20 uppercase letters A-Z, digits and letters of scripts without case, such as BTCUSDT"
    )]
    Symbol {
        /// The text.
        found: String,
    },

    /// A contract that is paid in the coin itself.
    #[error(
        "{found:?} is a coin-margined contract: its volume counts contracts, not coins, which nothing here can tell\n\
         hint: take the contract that is margined in USDT, such as BTCUSDT"
    )]
    CoinMargined {
        /// The symbol.
        found: String,
    },

    /// Text that is no interval.
    #[error("{found:?} is not an interval: expected one of 1m 3m 5m 15m 30m 1h 2h 4h 6h 8h 12h 1d")]
    Interval {
        /// The text.
        found: String,
    },

    /// An interval of the exchange that is no interval here.
    #[error(
        "candles of {found} are not taken: {reason}; known are 1m 3m 5m 15m 30m 1h 2h 4h 6h 8h 12h 1d\n\
         hint: fetch candles of one of these"
    )]
    UntakenInterval {
        /// The interval's name.
        found: String,
        /// Why not.
        reason: &'static str,
    },

    /// Text that is no market.
    #[error("{found:?} is not a market: expected spot or futures")]
    Market {
        /// The text.
        found: String,
    },

    /// A candle that cannot be true.
    #[error(transparent)]
    Candle(Box<CandleError>),

    /// A simulated market that cannot be made as configured.
    #[error(
        "data.simulated.{key} is {found}, expected {expected}\nhint: correct it in the config file or with --set data.simulated.{key}=..."
    )]
    Simulated {
        /// The key of [`SimulatedConfig`](crate::SimulatedConfig).
        key: &'static str,
        /// The value found.
        found: String,
        /// What would be right.
        expected: String,
    },

    /// A base URL that cannot be used.
    #[error(
        "{found:?} is not a base URL: {reason}\nhint: give a scheme and a host, for instance https://data-api.binance.vision"
    )]
    BaseUrl {
        /// The text, without user and password.
        found: String,
        /// What is wrong with it.
        reason: String,
    },

    /// The HTTP client could not be set up.
    #[error("cannot set up the HTTP client: {reason}")]
    HttpClient {
        /// What the library says.
        reason: String,
    },

    /// No connection, or it broke before an answer.
    #[error(
        "{request}: no answer after {tries} tries: {reason}\nhint: check the network connection and the base URL; a proxy is taken from HTTPS_PROXY"
    )]
    Unreachable {
        /// What was asked.
        request: String,
        /// How often.
        tries: u32,
        /// What the library says.
        reason: String,
    },

    /// The answer did not come in time.
    #[error(
        "{request}: no complete answer within {timeout_secs} s, {tries} tries\nhint: check the network connection, or allow a longer timeout"
    )]
    Timeout {
        /// What was asked.
        request: String,
        /// How long each try may take.
        timeout_secs: f64,
        /// How many tries were made.
        tries: u32,
    },

    /// Status 429, still or for longer than we are willing to wait.
    #[error(
        "{request}: status 429, too many requests; the server asks for {retry_after_secs} s of silence, {tries} tries\nhint: wait that long, then ask for fewer symbols or less often; other programs on this address count too"
    )]
    RateLimited {
        /// What was asked.
        request: String,
        /// The silence asked for.
        retry_after_secs: u64,
        /// How many tries were made.
        tries: u32,
    },

    /// Not sent: an earlier answer asked for a longer silence than we are willing to wait for.
    #[error(
        "{request}: not sent, as an earlier answer calls for {left_secs} more seconds of silence\nhint: wait that long, then try again"
    )]
    Silenced {
        /// What was to be asked.
        request: String,
        /// How much of the silence is left.
        left_secs: u64,
    },

    /// Status 418: the address is banned.
    #[error(
        "{request}: status 418, this address is banned until {until}\nhint: send nothing before then: every further request makes the ban longer"
    )]
    Banned {
        /// What was asked.
        request: String,
        /// When the ban ends, UTC.
        until: String,
    },

    /// Status 403: a firewall between us and the exchange refuses.
    #[error(
        "{request}: status 403, refused by the exchange's firewall: {found}\nhint: wait some minutes before the next try, ask for less at once, or come from another network; spot candles by REST are also at the base URL https://data-api.binance.vision"
    )]
    Forbidden {
        /// What was asked.
        request: String,
        /// How the answer begins.
        found: String,
    },

    /// Status 451: not served in this country.
    #[error(
        "{request}: status 451, the exchange does not serve the country this address is in: {found}\nhint: set the base URL to a host that serves this country; past candles are also in the archive at https://data.binance.vision (quarterhour download) and in files that you have (quarterhour import FILE...)"
    )]
    NotServedHere {
        /// What was asked.
        request: String,
        /// How the answer begins.
        found: String,
    },

    /// Any other status that says no.
    #[error(
        "{request}: status {status}: {found}\nhint: check the symbol's spelling, whether it trades on this market, and the base URL"
    )]
    Rejected {
        /// What was asked.
        request: String,
        /// The HTTP status.
        status: u16,
        /// How the answer begins.
        found: String,
    },

    /// The server fails (status 5xx).
    #[error(
        "{request}: status {status} from the server, {tries} tries: {found}\nhint: the fault is the exchange's; try again in some minutes, a download goes on where it was"
    )]
    ServerFailure {
        /// What was asked.
        request: String,
        /// The last HTTP status.
        status: u16,
        /// How often.
        tries: u32,
        /// How the answer begins.
        found: String,
    },

    /// The answer ends early.
    #[error("{request}: the answer was cut off, {tries} tries: {reason}\nhint: try again later")]
    CutOff {
        /// What was asked.
        request: String,
        /// How often.
        tries: u32,
        /// Where it ends.
        reason: String,
    },

    /// The answer is larger than any honest one.
    #[error("{request}: the answer is larger than {limit_bytes} bytes\nhint: check the base URL")]
    TooLarge {
        /// What was asked.
        request: String,
        /// The largest answer read.
        limit_bytes: usize,
    },

    /// A file of the archive is not the one that its checksum promises.
    #[error(
        "{request}: the published sha256 is {published}, that of the {size_bytes} bytes received is {found}, {tries} tries\nhint: run the same command again later, the exchange may be replacing the file; if it stays so, something between here and the exchange changes files"
    )]
    Checksum {
        /// What was asked.
        request: String,
        /// The SHA-256 in the file's checksum file.
        published: String,
        /// The SHA-256 of what came.
        found: String,
        /// How much came.
        size_bytes: usize,
        /// How often the file was fetched.
        tries: u32,
    },

    /// The answer is no JSON.
    #[error(
        "{request}: expected JSON, found {found:?}, {tries} tries\nhint: check the base URL; a captive portal or proxy may have answered"
    )]
    NotJson {
        /// What was asked.
        request: String,
        /// Number of tries.
        tries: u32,
        /// How the answer begins.
        found: String,
    },

    /// The answer is JSON of another shape.
    #[error(
        "{request}: {place}: expected {expected}, found {found}\nhint: check the base URL; if it is the exchange's own, its answers have changed"
    )]
    WrongShape {
        /// What was asked.
        request: String,
        /// Where in the answer.
        place: String,
        /// What belongs there.
        expected: String,
        /// What is there.
        found: String,
    },

    /// A concurrent download ended abnormally.
    #[error("downloading candles: a task ended abnormally: {reason}")]
    Task {
        /// What the runtime says.
        reason: String,
    },

    /// The websocket cannot be reached, has ended or is silent.
    #[error(
        "websocket {url}: {reason}\nhint: candles can also be had by REST; check the network and the address"
    )]
    Stream {
        /// The address without the streams.
        url: String,
        /// What happened.
        reason: String,
    },
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
