//! Requests with fields that this version does not know are refused, not half understood: what a
//! caller says must be what is hashed, decided and stored.

use std::{
    collections::{BTreeMap, HashMap},
    marker::PhantomData,
    sync::OnceLock,
};

use prost::{
    Message, Name,
    bytes::{Buf, Bytes},
    encoding::{WireType, decode_key, decode_varint, skip_field},
};
use prost_types::{DescriptorProto, FileDescriptorSet};
use tonic::{
    Code, Status,
    codec::{Codec, DecodeBuf, Decoder},
};
use tonic_prost::ProstCodec;
use tonic_types::{ErrorDetails, StatusExt as _};

/// The codec of every generated client and server. Requests are read strictly; answers are not,
/// so that a client may be older than its server.
#[derive(Debug)]
pub struct StrictCodec<T, U>(PhantomData<(T, U)>);

impl<T, U> Default for StrictCodec<T, U> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T, U> Codec for StrictCodec<T, U>
where
    T: Message + Send + 'static,
    U: Message + Default + Name + Send + 'static,
{
    type Encode = T;
    type Decode = U;
    type Encoder = <ProstCodec<T, U> as Codec>::Encoder;
    type Decoder = StrictDecoder<U>;

    fn encoder(&mut self) -> Self::Encoder {
        ProstCodec::<T, U>::default().encoder()
    }

    fn decoder(&mut self) -> Self::Decoder {
        StrictDecoder(PhantomData)
    }
}

/// See [`StrictCodec`].
#[derive(Debug)]
pub struct StrictDecoder<U>(PhantomData<U>);

impl<U: Message + Default + Name> Decoder for StrictDecoder<U> {
    type Item = U;
    type Error = Status;

    fn decode(&mut self, source: &mut DecodeBuf<'_>) -> Result<Option<U>, Status> {
        let bytes = source.copy_to_bytes(source.remaining());
        if U::NAME.ends_with("Request")
            && let Some(field) = unknown_field(&U::full_name(), bytes.clone())
        {
            return Err(refused(field, "is not a field of this version"));
        }
        match U::decode(bytes) {
            Ok(message) => Ok(Some(message)),
            Err(_) if U::NAME.ends_with("Request") => {
                Err(refused(String::new(), "the message cannot be read"))
            }
            Err(error) => Err(Status::internal(error.to_string())),
        }
    }
}

fn refused(field: String, text: &str) -> Status {
    let mut details = ErrorDetails::new();
    details.set_error_info("MALFORMED", "hjalpmedel", HashMap::new());
    details.add_bad_request_violation(field, text);
    Status::with_error_details(Code::InvalidArgument, "the request is malformed", details)
}

/// The first field, by its path of names and numbers, that the message's type does not have.
/// Bytes that are no message at all are left to the decoder.
fn unknown_field(message: &str, mut bytes: Bytes) -> Option<String> {
    let fields = messages().get(message)?;
    while bytes.has_remaining() {
        let (number, wire) = decode_key(&mut bytes).ok()?;
        let Some((name, nested)) = fields.get(&number) else {
            return Some(number.to_string());
        };
        match (wire, nested) {
            (WireType::LengthDelimited, Some(nested)) => {
                let length = usize::try_from(decode_varint(&mut bytes).ok()?).ok()?;
                if length > bytes.remaining() {
                    return None;
                }
                if let Some(inside) = unknown_field(nested, bytes.split_to(length)) {
                    return Some(format!("{name}.{inside}"));
                }
            }
            _ => skip_field(wire, number, &mut bytes, Default::default()).ok()?,
        }
    }
    None
}

/// Field number → name and, for messages, their type.
type Fields = BTreeMap<u32, (String, Option<String>)>;

fn messages() -> &'static HashMap<String, Fields> {
    static MESSAGES: OnceLock<HashMap<String, Fields>> = OnceLock::new();
    MESSAGES.get_or_init(|| {
        let mut found = HashMap::new();
        let set = FileDescriptorSet::decode(crate::DESCRIPTORS).unwrap_or_default();
        for file in &set.file {
            for message in &file.message_type {
                add(&mut found, file.package(), message);
            }
        }
        found
    })
}

fn add(found: &mut HashMap<String, Fields>, scope: &str, message: &DescriptorProto) {
    let name = format!("{scope}.{}", message.name());
    let fields = message.field.iter().map(|field| {
        let nested = field.type_name().trim_start_matches('.');
        let is_message = field.r#type() == prost_types::field_descriptor_proto::Type::Message;
        let number = field.number().unsigned_abs();
        (
            number,
            (
                field.name().to_owned(),
                is_message.then(|| nested.to_owned()),
            ),
        )
    });
    found.insert(name.clone(), fields.collect());
    for nested in &message.nested_type {
        add(found, &name, nested);
    }
}

#[cfg(test)]
mod tests {
    use prost::bytes::Bytes;

    use super::*;
    use crate::{common::v1::Date, prescription::v1 as p};

    fn name() -> String {
        p::RecordDeathRequest::full_name()
    }

    #[test]
    fn a_request_with_known_fields_is_read() {
        let died_on = Some(Date {
            year: 2025,
            month: 3,
            day: 10,
        });
        let request = p::RecordDeathRequest {
            died_on,
            ..Default::default()
        };
        assert_eq!(unknown_field(&name(), request.encode_to_vec().into()), None);
    }

    #[test]
    fn an_unknown_field_is_named_by_its_path() {
        // Field 9 of the date inside field 3: tag 0x1a, length 2, tag 0x48, value 1.
        let bytes = Bytes::from_static(&[0x1a, 2, 0x48, 1]);
        assert_eq!(unknown_field(&name(), bytes).as_deref(), Some("died_on.9"));
        let bytes = Bytes::from_static(&[0x78, 1]);
        assert_eq!(unknown_field(&name(), bytes).as_deref(), Some("15"));
    }

    #[test]
    fn bytes_that_are_no_message_are_left_to_the_decoder() {
        for bytes in [&[0x1a, 200][..], &[0xff], &[0x1a, 0x80]] {
            assert_eq!(unknown_field(&name(), Bytes::copy_from_slice(bytes)), None);
        }
    }
}
