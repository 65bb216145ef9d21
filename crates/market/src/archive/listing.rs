//! Which symbols the archive has candles of: the pages of its bucket's listing.

use reqwest::Url;

use super::ArchiveClient;
use crate::rest::{Outcome, Pause, beginning};
use crate::{Error, Market, Symbol};

/// The largest page read; a page of a thousand names is 0.1 MB.
const PAGE_BYTES: usize = 8 << 20;

/// A bucket of more pages is none of this exchange.
const MOST_PAGES: usize = 100;

/// A thousand folders, at most.
struct Page {
    folders: Vec<String>,
    /// The folder after which the next page begins; None on the last one.
    next: Option<String>,
}

impl ArchiveClient {
    /// All symbols that the archive has months of, sorted, whether the exchange still trades them or not;
    /// what is no symbol is left out. None where the archive has no listing.
    ///
    /// # Errors
    ///
    /// Everything a request can meet: see [`Error`].
    pub async fn symbols(&self) -> Result<Option<Vec<Symbol>>, Error> {
        let market = match self.market {
            Market::Spot => "spot",
            Market::Futures => "futures/um",
        };
        let prefix = format!("data/{market}/monthly/klines/");
        let (mut symbols, mut marker) = (Vec::new(), String::new());
        for _ in 0..MOST_PAGES {
            let Some(page) = self.page(&prefix, &marker).await? else {
                return Ok(None);
            };
            let names = page.folders.iter();
            let names = names.filter_map(|folder| folder.strip_prefix(&prefix)?.strip_suffix('/'));
            symbols.extend(names.filter_map(|name| Symbol::new(name).ok()));
            match page.next {
                // A server that begins anew would do so for ever.
                Some(next) if next > marker => marker = next,
                _ => break,
            }
        }
        symbols.sort();
        symbols.dedup();
        Ok(Some(symbols))
    }

    async fn page(&self, prefix: &str, marker: &str) -> Result<Option<Page>, Error> {
        let parameters = [("delimiter", "/"), ("prefix", prefix), ("marker", marker)];
        // The address stands for any: its query alone is used.
        let url = Url::parse_with_params("http://archive/", parameters);
        let query = url.ok().and_then(|url| url.query().map(str::to_owned));
        let path = format!("/?{}", query.unwrap_or_default());
        let request = self.lister.request(&path);
        let understand = |body: Vec<u8>, _| {
            let text = String::from_utf8_lossy(&body);
            match Page::read(&text) {
                Some(page) => Outcome::Answer(page),
                // A captive portal or a proxy answers for the archive, and goes away.
                None => Outcome::Retry(
                    Pause::Usual,
                    Error::WrongShape {
                        request: request.clone(),
                        place: "the answer".to_owned(),
                        expected: "the listing of a bucket".to_owned(),
                        found: format!("{:?}", beginning(&text)),
                    },
                ),
            }
        };
        self.lister
            .find(&path, &request, PAGE_BYTES, understand)
            .await
    }
}

impl Page {
    /// The folders of a page as S3 writes it; None of another text.
    fn read(text: &str) -> Option<Self> {
        let (_, listing) = text.split_once("<ListBucketResult")?;
        let folders: Vec<String> = listing
            .split("<CommonPrefixes>")
            .skip(1)
            .filter_map(|part| Some(element(part, "Prefix")?.to_owned()))
            .collect();
        let is_cut = element(listing, "IsTruncated") == Some("true");
        let marker = element(listing, "NextMarker").map(str::to_owned);
        let next = marker.or_else(|| folders.last().cloned());
        Some(Self {
            next: next.filter(|_| is_cut),
            folders,
        })
    }
}

/// The text of the first element of that name.
fn element<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    Some(rest.split_once(&format!("</{name}>"))?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_names_its_folders_and_where_the_next_begins() {
        let text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
                    <Name>data.binance.vision</Name><Prefix>data/</Prefix><Marker></Marker><NextMarker>data/b/</NextMarker>\
                    <IsTruncated>true</IsTruncated><CommonPrefixes><Prefix>data/a/</Prefix></CommonPrefixes>\
                    <CommonPrefixes><Prefix>data/b/</Prefix></CommonPrefixes></ListBucketResult>";
        let read = |text: &str| Page::read(text).map(|page| (page.folders, page.next));
        let folders = vec!["data/a/".to_owned(), "data/b/".to_owned()];
        let expected = Some((folders.clone(), Some("data/b/".to_owned())));
        assert_eq!(read(text), expected);
        // The last folder stands for a marker that is not told.
        let without = text.replace("<NextMarker>data/b/</NextMarker>", "");
        assert_eq!(read(&without), expected);
        assert_eq!(read(&text.replace("true", "false")), Some((folders, None)));
        assert_eq!(read("<html></html>"), None);
    }
}
