//! Fields that are written as text and read as a value of their own type, for `#[serde(...)]`.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::de::{Deserializer, Error, SeqAccess, Visitor};

/// For `deserialize_with`: a text read by the field's own `FromStr`, as `amount = "250.00"`.
///
/// # Errors
/// The field is no text, or its `FromStr` refuses it with the message it gives.
pub fn from_text<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr,
    T::Err: fmt::Display,
{
    // The visitor's own error carries the place of the value; one made out here would not.
    deserializer.deserialize_str(Text(PhantomData))
}

/// For `deserialize_with` beside `default`: as [`from_text`], where the field may be left out.
///
/// # Errors
/// As [`from_text`].
pub fn from_text_optional<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr,
    T::Err: fmt::Display,
{
    from_text(deserializer).map(Some)
}

/// For `deserialize_with`: a list of one or more texts, each read as by [`from_text`].
///
/// # Errors
/// The field is no list of texts, the list is empty, or one of the texts is refused.
pub fn from_texts<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr,
    T::Err: fmt::Display,
{
    deserializer.deserialize_seq(Texts(PhantomData))
}

struct Text<T>(PhantomData<T>);

impl<T> Visitor<'_> for Text<T>
where
    T: FromStr,
    T::Err: fmt::Display,
{
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text in quotes")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        text.parse()
            .map_err(|error| E::custom(format!("{text:?}: {error}")))
    }
}

struct Texts<T>(PhantomData<T>);

impl<'de, T> Visitor<'de> for Texts<T>
where
    T: FromStr,
    T::Err: fmt::Display,
{
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of texts in quotes")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
        let mut values = Vec::new();
        while let Some(text) = list.next_element::<String>()? {
            let value = text
                .parse()
                .map_err(|error| Error::custom(format!("{text:?}: {error}")))?;
            values.push(value);
        }
        if values.is_empty() {
            Err(Error::custom("the list is empty"))
        } else {
            Ok(values)
        }
    }
}
