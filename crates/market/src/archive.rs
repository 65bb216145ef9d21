//! The exchange's archive: a zip of candles for each month and each day, and one of funding rates
//! for each month, with its SHA-256 beside it.

mod listing;
mod period;

use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::rest::{Outcome, Pause, Sender, beginning};
use crate::{Error, Interval, Market, RestOptions, Symbol};
pub use period::Period;

/// The largest file read; a month of one-minute candles is 3 MB.
const LIMIT_BYTES: usize = 64 << 20;

/// The largest checksum file read: 64 digits and a name.
const CHECKSUM_BYTES: usize = 4096;

/// How often a file is fetched whose bytes are not those that its checksum promises.
const CHECKSUM_TRIES: u32 = 3;

/// One file of the archive: the candles of a symbol in a month or a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveFile {
    /// Which coin.
    pub symbol: Symbol,
    /// The bar length.
    pub interval: Interval,
    /// Which month or day.
    pub period: Period,
}

impl ArchiveFile {
    /// The most bytes that a file may unpack to: a month of minutes, the shortest interval, with
    /// five times the bytes that the exchange's rows have (46 MB). Without a ceiling, 3 MB can
    /// be made to unpack to 3 GB.
    pub const UNPACKED_LIMIT_BYTES: u64 = 31 * 1440 * 1024;

    /// `BTCUSDT-1m-2024-01.zip`
    pub fn name(&self) -> String {
        format!("{}-{}-{}.zip", self.symbol, self.interval, self.period)
    }

    /// Where the file is below the archive's address.
    fn path(&self, market: Market) -> String {
        let market = match market {
            Market::Spot => "spot",
            Market::Futures => "futures/um",
        };
        let folder = if self.period.is_month() {
            "monthly"
        } else {
            "daily"
        };
        format!(
            "/data/{market}/{folder}/klines/{}/{}/{}",
            self.symbol,
            self.interval,
            self.name()
        )
    }
}

/// Fetches files of the archive, as patient and polite as [`RestClient`](crate::RestClient).
///
/// Cheap to clone; clones share connections. Its methods must be awaited in a tokio runtime with
/// its I/O and time drivers on, which the caller owns.
#[derive(Debug, Clone)]
pub struct ArchiveClient {
    market: Market,
    sender: Arc<Sender>,
    /// Asks for the listing of the bucket.
    lister: Arc<Sender>,
}

impl ArchiveClient {
    /// A client for `market`; `base_url` defaults to `https://data.binance.vision`, whose bucket is listed
    /// at `https://s3-ap-northeast-1.amazonaws.com/data.binance.vision`. Another address lists its own.
    ///
    /// # Errors
    ///
    /// [`Error::BaseUrl`] when the URL is none, [`Error::HttpClient`] when TLS cannot be set up.
    pub fn new(
        market: Market,
        base_url: Option<&str>,
        options: RestOptions,
    ) -> Result<Self, Error> {
        let files = base_url.unwrap_or("https://data.binance.vision");
        let listing = "https://s3-ap-northeast-1.amazonaws.com/data.binance.vision";
        Ok(Self {
            market,
            sender: Arc::new(Sender::new(files, options.clone())?),
            lister: Arc::new(Sender::new(base_url.unwrap_or(listing), options)?),
        })
    }

    /// The SHA-256 that is published for `file`, 64 lowercase hexadecimal digits; None where there
    /// is no such file (yet).
    ///
    /// # Errors
    ///
    /// Everything a request can meet: see [`Error`].
    pub async fn checksum(&self, file: &ArchiveFile) -> Result<Option<String>, Error> {
        self.checksum_of(&file.path(self.market)).await
    }

    /// The file of a future's funding rates in a month, a zip with one CSV; None where there is no
    /// such file (yet).
    ///
    /// # Errors
    ///
    /// As [`ArchiveClient::bytes`].
    pub async fn funding(&self, symbol: &Symbol, month: Period) -> Result<Option<Vec<u8>>, Error> {
        let path = format!(
            "/data/futures/um/monthly/fundingRate/{symbol}/{symbol}-fundingRate-{month}.zip"
        );
        match self.checksum_of(&path).await? {
            Some(published) => self.bytes_of(&path, &published).await,
            None => Ok(None),
        }
    }

    async fn checksum_of(&self, path: &str) -> Result<Option<String>, Error> {
        let path = format!("{path}.CHECKSUM");
        let request = self.sender.request(&path);
        let understand = |body: Vec<u8>, _| {
            let text = String::from_utf8_lossy(&body);
            let digits = text
                .split_whitespace()
                .next()
                .unwrap_or_default()
                .to_ascii_lowercase();
            if digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                return Outcome::Answer(digits);
            }
            // A captive portal or a proxy answers for the archive, and goes away.
            let (place, expected) = (
                "the answer".to_owned(),
                "64 hexadecimal digits and a file name".to_owned(),
            );
            let found = format!("{:?}", beginning(&text));
            Outcome::Retry(
                Pause::Usual,
                Error::WrongShape {
                    request: request.clone(),
                    place,
                    expected,
                    found,
                },
            )
        };
        self.sender
            .find(&path, &request, CHECKSUM_BYTES, understand)
            .await
    }

    /// The bytes of `file`, whose SHA-256 is `published`; None where there is no such file (any
    /// more). Other bytes are fetched again.
    ///
    /// # Errors
    ///
    /// [`Error::Checksum`] when the bytes stay others; everything a request can meet: see
    /// [`Error`].
    pub async fn bytes(
        &self,
        file: &ArchiveFile,
        published: &str,
    ) -> Result<Option<Vec<u8>>, Error> {
        self.bytes_of(&file.path(self.market), published).await
    }

    async fn bytes_of(&self, path: &str, published: &str) -> Result<Option<Vec<u8>>, Error> {
        let request = self.sender.request(path);
        let mut tries = 0;
        loop {
            tries += 1;
            let answer = self
                .sender
                .find(path, &request, LIMIT_BYTES, |body, _| Outcome::Answer(body))
                .await?;
            let Some(bytes) = answer else { return Ok(None) };
            let found = format!("{:x}", Sha256::digest(&bytes));
            if found == published {
                return Ok(Some(bytes));
            }
            if tries == CHECKSUM_TRIES {
                return Err(Error::Checksum {
                    request,
                    published: published.to_owned(),
                    found,
                    size_bytes: bytes.len(),
                    tries,
                });
            }
        }
    }

    /// How long the server has asked for silence from now on; None where it has not.
    pub fn silence(&self) -> Option<Duration> {
        self.sender.silence()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::{ArchiveFile, Period};
    use crate::{Interval, Market, Symbol};

    #[test]
    fn files_are_where_the_exchange_has_them() {
        let file = |period| ArchiveFile {
            symbol: Symbol::new("BTCUSDT").unwrap(),
            interval: Interval::ONE_MINUTE,
            period,
        };
        let (month, day) = (
            file(Period::month_of(1_704_067_200_000)),
            file(Period::day_of(1_704_067_200_000)),
        );
        assert_eq!(
            month.path(Market::Spot),
            "/data/spot/monthly/klines/BTCUSDT/1m/BTCUSDT-1m-2024-01.zip"
        );
        assert_eq!(
            day.path(Market::Futures),
            "/data/futures/um/daily/klines/BTCUSDT/1m/BTCUSDT-1m-2024-01-01.zip"
        );
    }
}
