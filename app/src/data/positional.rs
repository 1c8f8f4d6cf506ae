//! How the server writes the answers into a page: as JSON in which a struct is the list of its
//! fields, without their names, which were two fifths of a list of rotations. The browser
//! reads every struct from such a list anyway, see `json`.

use serde::{
    Serialize, Serializer,
    ser::{
        SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
        SerializeTupleStruct, SerializeTupleVariant,
    },
};

pub(super) fn to_string<T: Serialize>(value: &T) -> serde_json::Result<String> {
    serde_json::to_string(&Positional(value))
}

/// A value to be written so, or what writes it.
struct Positional<T>(T);

impl<T: Serialize + ?Sized> Serialize for Positional<&T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(Positional(serializer))
    }
}

/// Writes what has no fields as the serializer inside does.
macro_rules! plain {
    ($($method:ident($($value:ident: $type:ty),*)),+ $(,)?) => {
        $(fn $method(self, $($value: $type),*) -> Result<S::Ok, S::Error> {
            self.0.$method($($value),*)
        })+
    };
}

impl<S: Serializer> Serializer for Positional<S> {
    type Ok = S::Ok;
    type Error = S::Error;
    type SerializeSeq = Positional<S::SerializeSeq>;
    type SerializeTuple = Positional<S::SerializeTuple>;
    type SerializeTupleStruct = Positional<S::SerializeTuple>;
    type SerializeTupleVariant = Positional<S::SerializeTupleVariant>;
    type SerializeMap = Positional<S::SerializeMap>;
    type SerializeStruct = Positional<S::SerializeTuple>;
    type SerializeStructVariant = Positional<S::SerializeTupleVariant>;

    plain! {
        serialize_bool(value: bool),
        serialize_i8(value: i8),
        serialize_i16(value: i16),
        serialize_i32(value: i32),
        serialize_i64(value: i64),
        serialize_u8(value: u8),
        serialize_u16(value: u16),
        serialize_u32(value: u32),
        serialize_u64(value: u64),
        serialize_f32(value: f32),
        serialize_f64(value: f64),
        serialize_char(value: char),
        serialize_str(value: &str),
        serialize_bytes(value: &[u8]),
        serialize_none(),
        serialize_unit(),
        serialize_unit_struct(name: &'static str),
        serialize_unit_variant(name: &'static str, index: u32, variant: &'static str),
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        self.0.serialize_some(&Positional(value))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        self.0.serialize_newtype_struct(name, &Positional(value))
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        let value = Positional(value);
        self.0
            .serialize_newtype_variant(name, index, variant, &value)
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Self::SerializeSeq, S::Error> {
        self.0.serialize_seq(length).map(Positional)
    }

    fn serialize_tuple(self, length: usize) -> Result<Self::SerializeTuple, S::Error> {
        self.0.serialize_tuple(length).map(Positional)
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        length: usize,
    ) -> Result<Self::SerializeTupleStruct, S::Error> {
        self.serialize_tuple(length)
    }

    fn serialize_tuple_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Self::SerializeTupleVariant, S::Error> {
        let inner = self.0;
        inner
            .serialize_tuple_variant(name, index, variant, length)
            .map(Positional)
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Self::SerializeMap, S::Error> {
        self.0.serialize_map(length).map(Positional)
    }

    fn serialize_struct(
        self,
        _: &'static str,
        length: usize,
    ) -> Result<Self::SerializeStruct, S::Error> {
        self.serialize_tuple(length)
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Self::SerializeStructVariant, S::Error> {
        self.serialize_tuple_variant(name, index, variant, length)
    }
}

/// Writes the elements of a compound by a method of the one inside, and leaves out the names.
macro_rules! elements {
    ($($compound:ident::$method:ident($($name:ty)?) by $inner:ident::$write:ident),+ $(,)?) => {
        $(impl<C: $inner> $compound for Positional<C> {
            type Ok = C::Ok;
            type Error = C::Error;

            fn $method<T: Serialize + ?Sized>(
                &mut self,
                $(_: $name,)?
                value: &T,
            ) -> Result<(), C::Error> {
                self.0.$write(&Positional(value))
            }

            fn end(self) -> Result<C::Ok, C::Error> {
                self.0.end()
            }
        })+
    };
}

elements! {
    SerializeSeq::serialize_element() by SerializeSeq::serialize_element,
    SerializeTuple::serialize_element() by SerializeTuple::serialize_element,
    SerializeTupleStruct::serialize_field() by SerializeTuple::serialize_element,
    SerializeStruct::serialize_field(&'static str) by SerializeTuple::serialize_element,
    SerializeTupleVariant::serialize_field() by SerializeTupleVariant::serialize_field,
    SerializeStructVariant::serialize_field(&'static str) by SerializeTupleVariant::serialize_field,
}

impl<C: SerializeMap> SerializeMap for Positional<C> {
    type Ok = C::Ok;
    type Error = C::Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), C::Error> {
        self.0.serialize_key(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), C::Error> {
        self.0.serialize_value(&Positional(value))
    }

    fn end(self) -> Result<C::Ok, C::Error> {
        self.0.end()
    }
}
