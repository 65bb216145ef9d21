//! The texts of a column, each once.

use std::collections::HashMap;

/// The texts of a column, each once, with their places.
#[derive(Default)]
pub(super) struct Texts {
    texts: Vec<String>,
    places: HashMap<String, u32>,
    /// For each text, the one that came after it last: coins follow each other in one order.
    after: Vec<u32>,
    last: u32,
}

impl Texts {
    /// The place of a text among those that there are; a new one comes last.
    pub fn place(&mut self, text: &str) -> u32 {
        let guess = self
            .after
            .get(self.last as usize)
            .copied()
            .unwrap_or_default();
        let place = match self.texts.get(guess as usize) {
            Some(known) if known == text => guess,
            _ => self.look_up(text),
        };
        if let Some(after) = self.after.get_mut(self.last as usize) {
            *after = place;
        }
        self.last = place;
        place
    }

    /// All texts, by place.
    pub fn into_vec(self) -> Vec<String> {
        self.texts
    }

    fn look_up(&mut self, text: &str) -> u32 {
        if let Some(place) = self.places.get(text) {
            return *place;
        }
        let place = self.texts.len() as u32;
        self.texts.push(text.to_owned());
        self.after.push(0);
        self.places.insert(text.to_owned(), place);
        place
    }
}
