//! Reading JSON with as little code as can be, since the browser has to load all of it.
//! Serde writes for each type how to read it from a list of its fields in their order,
//! and how from their names in any order, which is the larger part by far. Here the
//! names are found by one piece of code, and every type is read from a list.

use crate::AppError;
use serde::{
    Deserializer,
    de::{
        self, DeserializeOwned, DeserializeSeed, EnumAccess, IntoDeserializer, SeqAccess,
        VariantAccess, Visitor, value::U32Deserializer,
    },
    forward_to_deserialize_any,
};
use std::fmt::{self, Display, Formatter};

/// What a text in JSON says.
pub(crate) enum Json {
    Null,
    Bool(bool),
    Number(i64),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
    /// A fraction, or a number beyond all that are written here.
    Other,
}

/// Why JSON was not what was expected is told to nobody.
#[derive(Debug)]
pub(crate) struct Unreadable;

impl Json {
    pub(crate) fn parse(text: &str) -> Result<Self, AppError> {
        parser::parse(text).ok_or(AppError::BadRequest)
    }

    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, AppError> {
        T::deserialize(self).map_err(|Unreadable| AppError::BadRequest)
    }

    fn field(&self, name: &str) -> Option<&Self> {
        let Self::Object(fields) = self else {
            return None;
        };
        let (_, value) = fields.iter().find(|(field, _)| field == name)?;
        Some(value)
    }
}

impl Display for Unreadable {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("unreadable")
    }
}

impl std::error::Error for Unreadable {}

impl de::Error for Unreadable {
    fn custom<T: Display>(_: T) -> Self {
        Self
    }
}

#[cfg(feature = "hydrate")]
mod parser {
    //! The browser's own, which does not have to be loaded. Every test in a browser
    //! goes through it; those below read with the other one.

    use super::Json;
    use js_sys::{Array, JSON, Object};
    use leptos::wasm_bindgen::{JsCast, JsValue};

    /// All numbers up to here are exact.
    const EXACT: f64 = 9_007_199_254_740_991.0;

    pub(super) fn parse(text: &str) -> Option<Json> {
        JSON::parse(text).ok().map(|value| json(&value))
    }

    fn json(value: &JsValue) -> Json {
        if let Some(text) = value.as_string() {
            Json::Text(text)
        } else if let Some(number) = value.as_f64() {
            whole(number).map_or(Json::Other, Json::Number)
        } else if let Some(value) = value.as_bool() {
            Json::Bool(value)
        } else if Array::is_array(value) {
            Json::List(elements(value).map(|element| json(&element)).collect())
        } else if value.is_object() {
            let fields = Object::entries(value.unchecked_ref());
            Json::Object(
                elements(&fields)
                    .filter_map(|field| named(&field))
                    .collect(),
            )
        } else {
            Json::Null
        }
    }

    fn elements(list: &JsValue) -> impl Iterator<Item = JsValue> {
        list.unchecked_ref::<Array>().iter()
    }

    fn named(field: &JsValue) -> Option<(String, Json)> {
        let mut parts = elements(field);
        Some((parts.next()?.as_string()?, json(&parts.next()?)))
    }

    fn whole(number: f64) -> Option<i64> {
        (number.fract() == 0.0 && number.abs() <= EXACT).then_some(number as i64)
    }
}

#[cfg(not(feature = "hydrate"))]
mod parser {
    use super::Json;
    use serde::{
        Deserialize, Deserializer,
        de::{MapAccess, SeqAccess, Visitor},
    };
    use std::fmt::{self, Formatter};

    pub(super) fn parse(text: &str) -> Option<Json> {
        serde_json::from_str(text).ok()
    }

    impl<'de> Deserialize<'de> for Json {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserializer.deserialize_any(AnyJson)
        }
    }

    struct AnyJson;

    impl<'de> Visitor<'de> for AnyJson {
        type Value = Json;

        fn expecting(&self, f: &mut Formatter<'_>) -> fmt::Result {
            f.write_str("JSON")
        }

        fn visit_unit<E>(self) -> Result<Json, E> {
            Ok(Json::Null)
        }

        fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
            Ok(Json::Bool(value))
        }

        fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
            Ok(Json::Number(value))
        }

        fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
            Ok(i64::try_from(value).map_or(Json::Other, Json::Number))
        }

        fn visit_f64<E>(self, _: f64) -> Result<Json, E> {
            Ok(Json::Other)
        }

        fn visit_str<E>(self, value: &str) -> Result<Json, E> {
            Ok(Json::Text(value.to_owned()))
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Json, A::Error> {
            let mut list = Vec::new();
            while let Some(value) = values.next_element()? {
                list.push(value);
            }
            Ok(Json::List(list))
        }

        fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Json, A::Error> {
            let mut object = Vec::new();
            while let Some(field) = fields.next_entry()? {
                object.push(field);
            }
            Ok(Json::Object(object))
        }
    }
}

impl<'de> Deserializer<'de> for &Json {
    type Error = Unreadable;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        match self {
            Json::Null => visitor.visit_unit(),
            Json::Bool(value) => visitor.visit_bool(*value),
            Json::Number(value) => visitor.visit_i64(*value),
            Json::Text(value) => visitor.visit_str(value),
            Json::List(_) | Json::Object(_) | Json::Other => Err(Unreadable),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes
        byte_buf unit unit_struct map identifier
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        visitor.visit_unit()
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        match self {
            Json::Null => visitor.visit_none(),
            value => visitor.visit_some(value),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        match self {
            Json::List(values) => visitor.visit_seq(Values::of_list(values)),
            _ => Err(Unreadable),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        visitor.visit_seq(match self {
            Json::Object(_) => Values::of_object(self, names),
            // As pages carry it.
            Json::List(values) => Values::of_list(values),
            _ => return Err(Unreadable),
        })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        visitor.visit_enum(Variant::of(self, names)?)
    }
}

/// The values of a list, or of an object in the order in which its type has them. One type for
/// both, so that what reads a type from them is there once.
struct Values<'a> {
    elements: std::slice::Iter<'a, Json>,
    /// Where it is an object, that and the names of its fields.
    fields: Option<(&'a Json, std::slice::Iter<'static, &'static str>)>,
}

impl<'a> Values<'a> {
    fn of_list(list: &'a [Json]) -> Self {
        Self {
            elements: list.iter(),
            fields: None,
        }
    }

    fn of_object(object: &'a Json, names: &'static [&'static str]) -> Self {
        Self {
            elements: [].iter(),
            fields: Some((object, names.iter())),
        }
    }

    /// The next one, and whether it is there; of what is absent serde knows whether it may be.
    #[inline(never)]
    fn next(&mut self) -> Option<(&'a Json, bool)> {
        let Some((object, names)) = &mut self.fields else {
            return Some((self.elements.next()?, true));
        };
        let value = object.field(names.next()?);
        Some((value.unwrap_or(&Json::Null), value.is_some()))
    }
}

impl<'de> SeqAccess<'de> for Values<'_> {
    type Error = Unreadable;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Unreadable> {
        let Some((value, is_there)) = self.next() else {
            return Ok(None);
        };
        match seed.deserialize(value) {
            Err(Unreadable) if !is_there => Ok(None),
            read => read.map(Some),
        }
    }
}

/// A variant of an enum, and what it holds.
struct Variant<'a> {
    index: u32,
    value: &'a Json,
}

impl<'a> Variant<'a> {
    fn of(json: &'a Json, names: &[&str]) -> Result<Self, Unreadable> {
        let (name, value) = match json {
            Json::Text(name) => (name, &Json::Null),
            Json::Object(fields) => match fields.as_slice() {
                [(name, value)] => (name, value),
                _ => return Err(Unreadable),
            },
            _ => return Err(Unreadable),
        };
        let index = names.iter().position(|known| known == name);
        let index = index.ok_or(Unreadable)? as u32;
        Ok(Self { index, value })
    }
}

impl<'de, 'a> EnumAccess<'de> for Variant<'a> {
    type Error = Unreadable;
    type Variant = &'a Json;

    fn variant_seed<T: DeserializeSeed<'de>>(
        self,
        seed: T,
    ) -> Result<(T::Value, &'a Json), Unreadable> {
        let index: U32Deserializer<Unreadable> = self.index.into_deserializer();
        Ok((seed.deserialize(index)?, self.value))
    }
}

impl<'de> VariantAccess<'de> for &Json {
    type Error = Unreadable;

    fn unit_variant(self) -> Result<(), Unreadable> {
        match self {
            Json::Null => Ok(()),
            _ => Err(Unreadable),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(
        self,
        seed: T,
    ) -> Result<T::Value, Unreadable> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Unreadable> {
        self.deserialize_seq(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        self.deserialize_struct("", names, visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::{Deserialize, Serialize};
    use std::fmt::Debug;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Named {
        number: u32,
        #[serde(default)]
        optional: Option<i64>,
        pairs: Vec<(String, Kind)>,
        id: Wrapped,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Wrapped(String);

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Kind {
        PlainOne,
        Holds(bool),
        Both(u8, u64),
        Named { field: Option<Box<Kind>> },
        Nothing(()),
    }

    fn there_and_back<T: Debug + PartialEq + Serialize + DeserializeOwned>(value: T) {
        let text = serde_json::to_string(&value).unwrap();
        let read = Json::parse(&text).unwrap().read();
        assert_eq!(read.ok(), Some(value), "{text}");
    }

    fn named() -> Named {
        Named {
            number: 7,
            optional: Some(-1),
            pairs: vec![
                ("\"é\"\n".to_owned(), Kind::PlainOne),
                (String::new(), Kind::Holds(true)),
                (String::new(), Kind::Both(255, 1 << 40)),
                (
                    String::new(),
                    Kind::Named {
                        field: Some(Box::new(Kind::Nothing(()))),
                    },
                ),
                (String::new(), Kind::Named { field: None }),
            ],
            id: Wrapped("a".to_owned()),
        }
    }

    #[test]
    fn what_serde_json_writes_is_read() {
        there_and_back(named());
        there_and_back(Some(Ok::<_, Kind>(vec![named()])));
        there_and_back(Some(Err::<(), _>(Kind::PlainOne)));
        there_and_back(None::<Named>);
    }

    #[test]
    fn fields_may_come_without_names_in_their_order() {
        let text = r#"[7,-1,[],"a"]"#;
        let expected = Named {
            pairs: Vec::new(),
            ..named()
        };
        assert_eq!(Json::parse(text).unwrap().read().ok(), Some(expected));
    }

    #[test]
    fn fields_may_come_in_any_order_and_with_others() {
        let text = r#"{"pairs":[],"other":{"x":[null]},"id":"a","number":7}"#;
        let expected = Named {
            optional: None,
            pairs: Vec::new(),
            ..named()
        };
        assert_eq!(Json::parse(text).unwrap().read().ok(), Some(expected));
    }

    #[test]
    fn what_does_not_fit_is_not_read() {
        for text in [
            r#"{"pairs":[],"id":"a"}"#,
            r#"{"pairs":[],"id":"a","number":-1}"#,
            r#"{"pairs":[],"id":"a","number":"7"}"#,
            r#"{"pairs":[],"id":"a","number":7.5}"#,
            r#"{"pairs":[],"id":"a","number":18446744073709551615}"#,
            r#"{"pairs":[],"id":null,"number":7}"#,
            r#"{"pairs":[["a","unheard_of"]],"id":"a","number":7}"#,
            r#"{"pairs":[["a",{"plain_one":1}]],"id":"a","number":7}"#,
            r#"[7,null,[]]"#,
            r#"["7",null,[],"a"]"#,
            "null",
        ] {
            assert!(
                Json::parse(text).unwrap().read::<Named>().is_err(),
                "{text}"
            );
        }
        assert!(Json::parse("{").is_err());
    }
}
