//! Definitions of classes: their bases and metaclass, their bodies, and who is told of them.

use std::rc::Rc;
use std::sync::Arc;

use super::class::{Class, DataclassOptions, linearize};
use super::value::{Binding, Names, Scope, ScopeKind, Value};
use super::{Doubt, Frame, Interpreter, stdlib};
use crate::syntax::ast::{self, ExprKind, Range};

/// Built-in classes of which no two are the bases of one class.
const LAID_OUT: [&str; 9] = [
    "builtins.str",
    "builtins.int",
    "builtins.float",
    "builtins.bytes",
    "builtins.tuple",
    "builtins.list",
    "builtins.dict",
    "builtins.set",
    "builtins.frozenset",
];

impl Interpreter<'_> {
    pub(super) fn class(&mut self, def: &Arc<ast::Class>, frame: &Frame) -> Value {
        let decorators: Vec<_> = def.decorators.iter().map(|one| (self.eval(one, frame), one.range)).collect();
        if self.raised.is_some() {
            return Value::None;
        }
        let generic = Self::generic(&def.type_parameters, frame);
        let mut bases = Vec::new();
        let mut doubt = None;
        for base in &def.bases {
            let value = match self.eval(base, &generic) {
                // `Generic[T]` and its like: the class itself.
                Value::External(path) if path.ends_with("[]") => Value::External(path.trim_end_matches("[]").into()),
                Value::Unknown(_) if matches!(&base.kind, ExprKind::Subscript(..)) => match &base.kind {
                    ExprKind::Subscript(of, _) => self.eval(of, &generic),
                    _ => Value::None,
                },
                value => value,
            };
            if self.raised.is_some() {
                return Value::None;
            }
            match &value {
                Value::External(path) if matches!(&**path, "builtins.bool" | "builtins.range" | "builtins.slice") => {
                    return self.refuse_base(frame, base.range);
                }
                Value::Class(_) | Value::External(_) => bases.push(value),
                Value::None | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Str(_) => {
                    return self.refuse_base(frame, base.range);
                }
                _ => {
                    let text = format!("the base class `{}` is not known", frame.module.file.one_line(base.range));
                    let unknown = doubt.take().unwrap_or_else(|| self.doubt(frame, base.range, text));
                    doubt = Some(unknown.among([&value]));
                }
            }
        }
        let unknown_base = doubt.clone();
        let mut metaclass = bases.iter().find_map(|base| match base {
            Value::Class(base) => base.metaclass.borrow().clone(),
            _ => None,
        });
        // The other keywords are what `__init_subclass__` takes.
        for (_, value) in def.keywords.iter().filter(|(name, _)| name.as_deref() == Some("metaclass")) {
            match self.eval(value, frame) {
                Value::External(path) if &*path == "abc.ABCMeta" => {}
                found => {
                    doubt.get_or_insert_with(|| self.doubt(frame, value.range, "a metaclass"));
                    if let Value::Class(class) = found {
                        metaclass = Some(class);
                    }
                }
            }
        }
        let Some(mro) = linearize(&bases) else {
            return self.fail("TypeError", "the order of its base classes".to_owned(), frame, def.range);
        };
        let solid = |base: &&Value| matches!(base, Value::External(path) if LAID_OUT.contains(&&**path));
        if mro.iter().filter(solid).count() > 1 {
            return self.refuse_base(frame, def.range);
        }
        let has_members = |base: &Value| {
            matches!(base, Value::Class(base)
                if base.is_enum && base.members.borrow().as_ref().is_ok_and(|members| !members.is_empty()))
        };
        if bases.iter().any(has_members) {
            return self.fail("TypeError", "an enum that has members has no subclass".to_owned(), frame, def.range);
        }
        let scope = Scope::of_class(generic.scope, def.clone());
        let inner = Frame { scope: scope.clone(), module: frame.module.clone() };
        if let Some(metaclass) = &metaclass {
            self.prepare(metaclass, def, bases, &inner);
            if self.raised.is_some() {
                return Value::None;
            }
        }
        let open = frame.module.open.borrow().is_some();
        if let super::exec::Flow::Ended(raised) = self.block(&def.body, &inner) {
            self.raised = Some(raised);
            return Value::None;
        }
        if !open && doubt.is_none() {
            // Its body went on behind what may raise.
            doubt.clone_from(&frame.module.open.borrow());
            if let Some(raised) = doubt.as_ref().filter(|doubt| doubt.text.starts_with(super::ask::RAISES)) {
                // And so does the module.
                self.doubts.push(raised);
            }
        }
        let qualname = if frame.scope.kind == ScopeKind::Module { (&*def.name).into() } else { "".into() };
        let mut names = scope.names.take();
        // Where the class is there, so is what its body binds: only a narrower doubt is about that.
        for binding in names.values_mut() {
            binding.doubt.take_if(|doubt| self.doubts.are_under(doubt));
        }
        let class = self.new_class(def, frame, names, mro, doubt, scope.annotations.take(), qualname);
        if class.is_enum {
            self.make_members(&class, frame, def.range);
        }
        self.announce(&class, &def.keywords, frame, def.range);
        if let Some(unknown) = &unknown_base {
            self.announce_to_one_of(&class, unknown, frame, def.range);
        }
        if let Some(metaclass) = metaclass.or_else(|| unknown_base.as_ref().and_then(metaclass_among)) {
            // The names that it begins with, or is given.
            if ["__prepare__", "__new__", "__init__", "__call__"].iter().any(|name| metaclass.in_tree(name).is_some()) {
                Self::has_other_names(&Value::Class(class.clone()), &self.doubt(frame, def.range, "a metaclass"));
            }
            self.shape(&class, metaclass, frame, def.range);
        }
        let mut value = Value::Class(class);
        for (decorator, range) in decorators.into_iter().rev() {
            if self.raised.is_some() {
                break;
            }
            value = self.decorate(&decorator, value, frame, range);
        }
        value
    }

    fn refuse_base(&mut self, frame: &Frame, range: Range) -> Value {
        self.fail("TypeError", "a class that cannot be made of its bases".to_owned(), frame, range)
    }

    /// The names that a metaclass has a class body begin with.
    fn prepare(&mut self, metaclass: &Rc<Class>, def: &ast::Class, bases: Vec<Value>, body: &Frame) {
        let Some(Binding { value: Value::ClassMethod(prepare), .. }) = metaclass.in_tree("__prepare__") else { return };
        let given = vec![Value::Class(metaclass.clone()), Value::str(&*def.name), Value::Tuple(bases.into())];
        let found = self.call_plain(&prepare, given, body, def.range);
        let names = match &found {
            Value::Dict(dict) if def.keywords.len() <= 1 => dict.0.borrow().clone().ok(),
            _ => None,
        };
        let names: Option<Vec<_>> = names
            .and_then(|pairs| pairs.into_iter().map(|(key, value)| Some((key.as_str()?.to_owned(), value))).collect());
        match names {
            Some(names) => names.into_iter().for_each(|(name, value)| self.bind(&body.scope, &name, value)),
            None => {
                let doubt = self.doubt(body, def.range, "what a metaclass has the class begin with");
                body.module.open.borrow_mut().get_or_insert(doubt);
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "each is a part of the class")]
    fn new_class(
        &mut self,
        def: &Arc<ast::Class>,
        frame: &Frame,
        names: Names,
        mro: Vec<Value>,
        doubt: Option<Doubt>,
        annotations: Vec<(Rc<str>, Rc<str>)>,
        qualname: Rc<str>,
    ) -> Rc<Class> {
        let is_enum = mro.iter().any(|base| match base {
            Value::External(path) => stdlib::is_enum(path),
            Value::Class(class) => class.is_enum,
            _ => false,
        });
        let inherited = mro.iter().find_map(|base| match base {
            Value::Class(base) => base.doubt.borrow().clone(),
            _ => None,
        });
        let doubt = doubt.or(inherited);
        let class = Rc::new(Class {
            name: (&*def.name).into(),
            def: def.clone(),
            file: frame.module.file.clone(),
            names: names.into(),
            mro,
            doubt: doubt.into(),
            open: None.into(),
            dataclass: false.into(),
            more: None.into(),
            made_by_library: false.into(),
            options: DataclassOptions::default().into(),
            annotations,
            metaclass: None.into(),
            is_enum,
            members: Err(None).into(),
            qualname,
            renamed: None.into(),
        });
        for binding in class.names.borrow().values() {
            own(&binding.value, &class);
        }
        if class.mro.iter().any(|base| matches!(base, Value::Class(_))) {
            self.subclasses.push(class.clone());
        }
        class
    }

    /// A class that a call makes: `namedtuple(...)`, `Enum(...)`, `type(...)`.
    pub(super) fn made_class(
        &mut self,
        name: &str,
        bases: &[Value],
        names: Names,
        annotations: Vec<Rc<str>>,
        frame: &Frame,
        range: Range,
    ) -> Option<Rc<Class>> {
        let def = Arc::new(ast::Class {
            range,
            name: name.into(),
            decorators: Vec::new(),
            type_parameters: Box::default(),
            bases: Vec::new(),
            keywords: Vec::new(),
            body: Vec::new(),
        });
        let annotations = annotations.into_iter().map(|name| (name, "".into())).collect();
        let class = self.new_class(&def, frame, names, linearize(bases)?, None, annotations, name.into());
        if class.is_enum {
            self.make_members(&class, frame, range);
        }
        Some(class)
    }

    /// Lets a metaclass do with a class what it does: what that comes to is not known, and neither is what it changes.
    fn shape(&mut self, class: &Rc<Class>, metaclass: Rc<Class>, frame: &Frame, range: Range) {
        let doubt = self.doubt(frame, range, "a metaclass");
        let names = class.names.borrow().iter().map(|(name, one)| (Value::str(&**name), one.value.clone())).collect();
        let bases = class.mro.iter().take(class.def.bases.len()).cloned().collect();
        let values =
            vec![Value::Class(class.clone()), Value::str(&*class.name), Value::tuple(bases), Value::dict(names)];
        let doubts = self.doubts.len();
        self.doubts.push(&doubt);
        for method in ["__new__", "__init__"] {
            if let Some(function) = metaclass.in_tree(method) {
                let arguments = self.arguments(values.clone(), frame, range);
                self.apply(&function.value, arguments, None, frame, range);
                self.raised = None;
            }
        }
        self.doubts.truncate(doubts);
        class.metaclass.replace(Some(metaclass));
    }

    /// Tells bases of the tree that they have a subclass, and attributes what they are called.
    pub(super) fn announce(
        &mut self,
        class: &Rc<Class>,
        keywords: &[(Option<Box<str>>, ast::Expr)],
        frame: &Frame,
        range: Range,
    ) {
        let attributes: Vec<(Rc<str>, Value)> =
            class.names.borrow().iter().map(|(name, binding)| (name.clone(), binding.value.clone())).collect();
        for (name, value) in attributes {
            if let Value::Instance(instance) = &value
                && instance.class.in_tree("__set_name__").is_some()
            {
                self.special(
                    &value,
                    "__set_name__",
                    vec![Value::Class(class.clone()), Value::str(&*name)],
                    frame,
                    range,
                );
            }
        }
        let hook = class.mro.iter().find_map(|base| match base {
            Value::Class(base) => base.names.borrow().get("__init_subclass__").cloned(),
            _ => None,
        });
        let Some(hook) = hook else { return };
        let function = match &hook.value {
            Value::ClassMethod(inner) => (**inner).clone(),
            other => other.clone(),
        };
        let mut arguments = self.arguments(vec![Value::Class(class.clone())], frame, range);
        for (name, value) in keywords {
            if let Some(name) = name.as_deref().filter(|name| *name != "metaclass") {
                let value = self.eval(value, frame);
                let source = super::value::Source::of(frame, range);
                arguments.keywords.push((name.into(), super::value::Argument { value, source }));
            }
        }
        self.apply(&function, arguments, None, frame, range);
    }

    /// The same of bases of which it is not known which they are.
    fn announce_to_one_of(&mut self, class: &Rc<Class>, bases: &Doubt, frame: &Frame, range: Range) {
        for base in bases.candidates() {
            let Value::Class(base) = base else { continue };
            if let Some(Value::ClassMethod(hook)) = base.in_tree("__init_subclass__").map(|one| implicit(one.value)) {
                let class = vec![Value::Class(class.clone())];
                self.perhaps(bases, |one| one.call_plain(&hook, class, frame, range));
            }
        }
    }
}

/// The metaclass of a base that is not known: `with_metaclass(Meta, Base)`.
fn metaclass_among(base: &Doubt) -> Option<Rc<Class>> {
    base.candidates().iter().find_map(|candidate| match candidate {
        Value::Class(class) if class.has_external(|path| path == "builtins.type") => Some(class.clone()),
        _ => None,
    })
}

/// A method that is a class method without being marked as one.
fn implicit(value: Value) -> Value {
    match value {
        function @ Value::Function(_) => Value::ClassMethod(Rc::new(function)),
        other => other,
    }
}

/// Tells functions which class defines them.
fn own(value: &Value, class: &Rc<Class>) {
    match value {
        Value::Function(function) => {
            function.owner.borrow_mut().get_or_insert_with(|| class.clone());
        }
        Value::StaticMethod(inner) | Value::ClassMethod(inner) => own(inner, class),
        Value::Property(property) => {
            own(&property.getter, class);
            property.setter.iter().for_each(|setter| own(setter, class));
        }
        Value::Fixture(fixture) => own(&fixture.function, class),
        _ => {}
    }
}
