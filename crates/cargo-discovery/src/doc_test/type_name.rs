//! A type as rustdoc writes it in the name of a test, without its blanks.

use syn::punctuated::Punctuated;
use syn::{
    BoundLifetimes, Expr, GenericArgument, GenericParam, Lifetime, Lit, NamedArg, Path, PathArguments,
    PointerMutability, QSelf, ReturnType, Token, Type, TypeFnPtr, TypeParamBound,
};

use super::item::plain;

/// The compiler breaks a longer line, in ways that are not followed here.
const LONGEST: usize = 60;

/// What is longer than this is not looked at: what parses it recurses.
const LONGEST_SOURCE: usize = 400;

/// The self type of an `impl`; `None` where only the compiler knows how it is written.
pub(super) fn shown(source: &str) -> Option<String> {
    if source.len() > LONGEST_SOURCE {
        return None;
    }
    let parsed: Type = syn::parse_str(source).ok()?;
    let mut writer = Writer { text: String::new(), elided: false };
    writer.one(&parsed)?;
    // Blanks are left out only after lines are broken.
    (writer.text.len() <= LONGEST).then_some(writer.text)
}

struct Writer {
    text: String,
    /// Whether a reference without a lifetime has been written, since the arguments of a function began.
    elided: bool,
}

impl Writer {
    fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn list<T>(&mut self, list: impl IntoIterator<Item = T>, each: impl Fn(&mut Self, T) -> Option<()>) -> Option<()> {
        for (index, one) in list.into_iter().enumerate() {
            if index > 0 {
                self.push(",");
            }
            each(self, one)?;
        }
        Some(())
    }

    fn one(&mut self, shown: &Type) -> Option<()> {
        match shown {
            Type::Array(array) => {
                self.push("[");
                self.one(&array.elem)?;
                self.push(";");
                self.constant(&array.len)?;
                self.push("]");
            }
            Type::Slice(slice) => {
                self.push("[");
                self.one(&slice.elem)?;
                self.push("]");
            }
            Type::Paren(inner) => self.one(&inner.elem)?,
            Type::Group(inner) => self.one(&inner.elem)?,
            Type::Never(_) => self.push("!"),
            Type::Path(path) => self.qualified(path.qself.as_ref(), &path.path)?,
            Type::Ptr(pointer) => {
                self.push(match pointer.mutability {
                    PointerMutability::Mut(_) => "*mut",
                    PointerMutability::Const(_) => "*const",
                });
                self.one(&pointer.elem)?;
            }
            Type::Reference(reference) => {
                self.push("&");
                match &reference.lifetime {
                    Some(lifetime) => self.lifetime(lifetime),
                    None => {
                        self.elided = true;
                        self.push("'_");
                    }
                }
                if reference.mutability.is_some() {
                    self.push("mut");
                }
                self.one(&reference.elem)?;
            }
            Type::TraitObject(object) => {
                object.dyn_token.as_ref()?;
                self.push("dyn");
                self.bounds(&object.bounds)?;
            }
            Type::Tuple(tuple) => {
                self.push("(");
                self.list(&tuple.elems, Self::one)?;
                if tuple.elems.len() == 1 {
                    self.push(",");
                }
                self.push(")");
            }
            Type::FnPtr(function) => self.function(function)?,
            _ => return None,
        }
        Some(())
    }

    fn lifetime(&mut self, lifetime: &Lifetime) {
        self.push("'");
        self.push(&lifetime.ident.to_string());
    }

    fn qualified(&mut self, owner: Option<&QSelf>, path: &Path) -> Option<()> {
        let Some(owner) = owner else { return self.path(path) };
        self.push("<");
        self.one(&owner.ty)?;
        for (index, segment) in path.segments.iter().enumerate() {
            if index == owner.position {
                self.push(">");
            }
            self.push(match index {
                0 if owner.position > 0 => "as",
                _ => "::",
            });
            if index == 0 && owner.position > 0 && path.leading_colon.is_some() {
                self.push("::");
            }
            self.segment(segment)?;
        }
        Some(())
    }

    fn path(&mut self, path: &Path) -> Option<()> {
        for (index, segment) in path.segments.iter().enumerate() {
            if index > 0 || path.leading_colon.is_some() {
                self.push("::");
            }
            self.segment(segment)?;
        }
        Some(())
    }

    fn segment(&mut self, segment: &syn::PathSegment) -> Option<()> {
        self.push(&plain(&segment.ident));
        match &segment.arguments {
            PathArguments::None => {}
            PathArguments::AngleBracketed(arguments) => {
                self.push("<");
                self.list(&arguments.args, Self::argument)?;
                self.push(">");
            }
            PathArguments::Parenthesized(arguments) => {
                self.inputs(&arguments.inputs)?;
                match &arguments.output {
                    ReturnType::Default => self.push("->()"),
                    ReturnType::Type(_, output) => {
                        self.push("->");
                        self.one(output)?;
                    }
                }
            }
        }
        Some(())
    }

    fn argument(&mut self, argument: &GenericArgument) -> Option<()> {
        match argument {
            GenericArgument::Lifetime(lifetime) => self.lifetime(lifetime),
            GenericArgument::Type(shown) => self.one(shown)?,
            GenericArgument::Const(value) => self.constant(value)?,
            GenericArgument::AssocType(bound) if bound.generics.is_none() => {
                self.push(&plain(&bound.ident));
                self.push("=");
                self.one(&bound.ty)?;
            }
            _ => return None,
        }
        Some(())
    }

    /// Numbers, names and flags; what is to be computed is left to the compiler.
    fn constant(&mut self, value: &Expr) -> Option<()> {
        match value {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Int(number) => {
                    self.push(number.base10_digits());
                    self.push(number.suffix());
                }
                Lit::Bool(flag) => self.push(if flag.value { "true" } else { "false" }),
                _ => return None,
            },
            Expr::Path(path) if path.qself.is_none() => self.path(&path.path)?,
            Expr::Block(block) if block.label.is_none() => {
                let [syn::Stmt::Expr(inner, None)] = block.block.stmts.as_slice() else { return None };
                let is_name = matches!(inner, Expr::Path(path) if path.path.get_ident().is_some());
                self.push(if is_name { "" } else { "{" });
                self.constant(inner)?;
                self.push(if is_name { "" } else { "}" });
            }
            _ => return None,
        }
        Some(())
    }

    fn inputs(&mut self, inputs: &Punctuated<NamedArg, Token![,]>) -> Option<()> {
        self.push("(");
        self.list(inputs, |writer, input: &NamedArg| {
            if let Some((name, _)) = &input.name {
                writer.push(&plain(name));
                writer.push(":");
            }
            writer.one(&input.ty)
        })?;
        self.push(")");
        Some(())
    }

    /// What may be bound in front of a function: `for<'a>`, and a bare `for` where its arguments leave lifetimes out.
    fn binder(
        &mut self,
        lifetimes: Option<&BoundLifetimes>,
        write: impl FnOnce(&mut Self) -> Option<()>,
    ) -> Option<()> {
        let outer = std::mem::take(&mut self.elided);
        let start = self.text.len();
        write(self)?;
        let mut binder = String::new();
        if lifetimes.is_some() || self.elided {
            binder.push_str("for");
        }
        if let Some(lifetimes) = lifetimes {
            let mut names = Vec::new();
            for one in &lifetimes.lifetimes {
                let GenericParam::Lifetime(one) = one else { return None };
                names.push(format!("'{}", one.lifetime.ident));
            }
            binder.push_str(&format!("<{}>", names.join(",")));
        }
        self.text.insert_str(start, &binder);
        self.elided = outer;
        Some(())
    }

    fn bounds(&mut self, bounds: &Punctuated<TypeParamBound, Token![+]>) -> Option<()> {
        let (mut traits, mut lifetimes) = (Vec::new(), Vec::new());
        for bound in bounds {
            match bound {
                TypeParamBound::Trait(one) if one.maybe.is_none() => traits.push(one),
                TypeParamBound::Lifetime(one) => lifetimes.push(one),
                _ => return None,
            }
        }
        for (index, one) in traits.iter().enumerate() {
            self.push(if index > 0 { "+" } else { "" });
            let is_call =
                matches!(one.path.segments.last().map(|last| &last.arguments), Some(PathArguments::Parenthesized(_)));
            if is_call || one.lifetimes.is_some() {
                self.binder(one.lifetimes.as_ref(), |writer| writer.path(&one.path))?;
            } else {
                self.path(&one.path)?;
            }
        }
        for one in lifetimes {
            self.push("+");
            self.lifetime(one);
        }
        Some(())
    }

    fn function(&mut self, function: &TypeFnPtr) -> Option<()> {
        if function.variadic.is_some() {
            return None;
        }
        self.binder(function.lifetimes.as_ref(), |writer| {
            writer.push(if function.unsafety.is_some() { "unsafe" } else { "" });
            if let Some(abi) = &function.abi {
                writer.push("extern\"");
                writer.push(&abi.name.as_ref().map_or_else(|| "C".to_owned(), syn::LitStr::value));
                writer.push("\"");
            }
            writer.push("fn");
            writer.inputs(&function.inputs)?;
            if let ReturnType::Type(_, output) = &function.output {
                writer.push("->");
                writer.one(output)?;
            }
            Some(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As rustdoc of Rust 1.95 writes them.
    #[test]
    fn a_type_is_written_as_rustdoc_writes_it() {
        for (source, name) in [
            ("Queue<'a, T, N>", "Queue<'a,T,N>"),
            ("std::vec::Vec::<T>", "std::vec::Vec<T>"),
            ("&mut [u8]", "&'_mut[u8]"),
            ("&'static str", "&'staticstr"),
            ("(u8,)", "(u8,)"),
            ("((T))", "T"),
            ("[[T; 2]; { N }]", "[[T;2];N]"),
            ("[u64; 0x1_0]", "[u64;16]"),
            ("G<{ 3 }>", "G<{3}>"),
            ("file::r#Raw", "file::Raw"),
            ("<u8 as std::ops::Add<u8>>::Output", "<u8asstd::ops::Add<u8>>::Output"),
            ("dyn Fn(u8, Vec<u8>) -> u8 + Send", "dynFn(u8,Vec<u8>)->u8+Send"),
            ("Box<dyn FnMut(u8) + Send + 'static>", "Box<dynFnMut(u8)->()+Send+'static>"),
            ("Box<dyn Fn(&T) -> &T>", "Box<dynforFn(&'_T)->&'_T>"),
            ("dyn for<'x> Fn(&'x u8) -> &'x u8", "dynfor<'x>Fn(&'xu8)->&'xu8"),
            ("dyn Iterator<Item = u8>", "dynIterator<Item=u8>"),
            ("fn(u8, &u8) -> u8", "forfn(u8,&'_u8)->u8"),
            ("unsafe extern \"C\" fn(x: u8)", "unsafeextern\"C\"fn(x:u8)"),
            ("Box<dyn 'a + Send>", "Box<dynSend+'a>"),
            ("*const u8", "*constu8"),
        ] {
            assert_eq!(shown(source).as_deref(), Some(name), "{source}");
        }
    }

    #[test]
    fn what_only_the_compiler_can_write_is_not_known() {
        for source in ["name!(u8)", "[u8; 1 + 2]", "impl Sized", "_"] {
            assert_eq!(shown(source), None, "{source}");
        }
        let long = format!("({})", "Vec<u8>, ".repeat(9));
        assert_eq!(shown(&long), None, "rustc breaks its line");
    }
}
