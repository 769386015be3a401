//! What is known of the standard library, and of some others, without reading them: names by their dotted paths.

mod calls;
mod classes;
mod methods;
mod names;
mod plugins;

pub(super) use calls::{LOGGER, gives_none, is_safe, may_give};
pub(crate) use calls::{is_opaque_constructor, is_opaque_value, is_pure, is_transparent};
pub(super) use classes::{is_attrs, is_builtin_class, is_generic, is_nameless_base, is_solid, is_type};
pub(crate) use classes::{is_enum, is_exception, is_no_test, is_plain_base, is_test_case, is_value_base};
pub(super) use methods::{has_method, has_no_such, is_container_method, is_pure_method};
pub(crate) use names::name_of;
pub(super) use names::{builtin, canonical, is_any_builtin};
pub(crate) use plugins::{
    BUILTIN_FIXTURES, PYTESTER_FIXTURES, is_builtin_fixture, is_plugin_marker, is_session_fixture,
};
