//! Definitions of functions and classes, and their decorators.

use std::rc::Rc;
use std::sync::Arc;

use super::class::{Class, DataclassOptions, Property, linearize};
use super::memo::{self, Memo};
use super::value::{Arguments, Binding, FixtureOptions, Function, Names, Scope, ScopeKind, Value};
use super::{Doubt, Frame, Interpreter, stdlib, wrapping};
use crate::syntax::ast::{self, ExprKind, Range};

/// Whether a value that is not known is a fixture where a condition has it so.
fn may_be_fixture(value: &Value) -> bool {
    value.doubt().is_some_and(|doubt| doubt.candidates().iter().any(|one| matches!(one, Value::Fixture(_))))
}

impl Interpreter<'_> {
    pub(super) fn define(&mut self, def: &Arc<ast::Function>, frame: &Frame) {
        let decorators: Vec<_> = def.decorators.iter().map(|one| (self.eval(one, frame), one.range)).collect();
        let made = self.function(def, frame);
        let mut value = Value::Function(made.clone());
        for (decorator, range) in decorators.into_iter().rev() {
            if self.raised.is_some() {
                return;
            }
            value = match (&decorator, &value) {
                // Where the function is there at all, so is its mark.
                (Value::Mark(mark), Value::Function(function)) if Rc::ptr_eq(function, &made) => {
                    function.add_mark(mark);
                    value
                }
                _ => self.decorate(&decorator, value, frame, range),
            };
        }
        if self.raised.is_none() {
            self.bind(&frame.scope, &def.name, value);
        }
    }

    /// A function object, its defaults and annotations evaluated.
    pub(super) fn function(&mut self, def: &Arc<ast::Function>, frame: &Frame) -> Rc<Function> {
        let defaults = def.parameters.iter().map(|one| one.default.as_ref().map(|default| self.eval(default, frame)));
        let defaults = defaults.collect();
        let inner = Self::generic(&def.type_parameters, frame);
        // Those of a generic method see its class's names, which its scope does not.
        if def.type_parameters.is_empty() || frame.scope.kind != ScopeKind::Class {
            self.annotations(&def.annotations, &inner);
        }
        Rc::new(Function {
            def: def.clone(),
            file: frame.module.file.clone(),
            scope: inner.scope,
            module: frame.module.clone(),
            defaults,
            marks: Vec::new().into(),
            handed: None.into(),
            open: None.into(),
            signature_doubt: None.into(),
            patches: 0.into(),
            drawn: None.into(),
            is_abstract: false.into(),
            wrapped: None.into(),
            owner: None.into(),
            attributes: Names::default().into(),
            memo: None.into(),
        })
    }

    fn decorate(&mut self, decorator: &Value, value: Value, frame: &Frame, range: Range) -> Value {
        match (decorator, &value) {
            (Value::Mark(_), Value::Function(_) | Value::Class(_) | Value::StaticMethod(_) | Value::ClassMethod(_)) => {
                self.call_plain(decorator, vec![value.clone()], frame, range)
            }
            (Value::Mark(_), Value::Fixture(_)) => self.call_plain(decorator, vec![value.clone()], frame, range),
            // What it is put on is not known, and stays so.
            (Value::Mark(_), _) => value,
            (Value::FixtureMaker(options), _) => self.fixture(options, value.clone(), frame, range),
            (Value::External(path), _) => match &**path {
                "pytest.fixture" | "pytest_asyncio.fixture" => {
                    self.fixture(&FixtureOptions::default(), value.clone(), frame, range)
                }
                "builtins.staticmethod" => Value::StaticMethod(Rc::new(value.clone())),
                "builtins.classmethod" => Value::ClassMethod(Rc::new(value.clone())),
                "builtins.property" => property(value),
                "functools.cached_property" => {
                    memo::remember(&value, Some(Memo::of_objects()));
                    Value::Property(Rc::new(Property { getter: value, setter: None, refuses: false }))
                }
                "functools.lru_cache" | "functools.cache" => {
                    // A cache has no bound.
                    let maxsize = path.ends_with(".cache").then_some(&Value::None);
                    memo::remember(&value, Memo::of_calls(maxsize, None));
                    value
                }
                "abc.abstractmethod" => {
                    set_abstract(&value);
                    value
                }
                "abc.abstractproperty" => {
                    set_abstract(&value);
                    property(value)
                }
                "abc.abstractclassmethod" => {
                    set_abstract(&value);
                    Value::ClassMethod(Rc::new(value))
                }
                "abc.abstractstaticmethod" => {
                    set_abstract(&value);
                    Value::StaticMethod(Rc::new(value))
                }
                "contextlib.contextmanager" | "contextlib.asynccontextmanager" => {
                    if let Value::Function(function) = &value {
                        // Its body runs in two parts, which are not followed.
                        let doubt = self.doubt(frame, range, "a context manager");
                        let binding = super::Binding { value: Value::None, doubt: Some(doubt) };
                        function.attributes.borrow_mut().insert(NOT_FOLLOWED.into(), binding);
                    }
                    value
                }
                // It takes the class for the reason, and gives a decorator.
                "unittest.skip" if matches!(value, Value::Class(_)) => Value::Transparent,
                "enum.unique" => self.call_plain(decorator, vec![value], frame, range),
                path if stdlib::is_transparent(path) => value,
                path if stdlib::is_attrs(path) && matches!(value, Value::Class(_)) => {
                    if let Value::Class(class) = &value {
                        class.made_by_library.set(true);
                    }
                    value
                }
                "dataclasses.dataclass" => self.make_dataclass(value, DataclassOptions::default(), frame, range),
                _ => self.doubtful_decorator(value, frame, range),
            },
            (Value::Transparent, _) => value,
            (Value::Partial(partial), Value::Function(function)) if matches!(&partial.function, Value::External(path) if &**path == super::drawing::GIVEN) =>
            {
                self.given(function, &partial.arguments, frame, range);
                value
            }
            (Value::Patch(one), _) => {
                patch(&value, one.injects);
                // Whoever calls it here runs it with what is patched.
                if let Value::Function(function) = &value {
                    let not_followed = Binding { value: Value::None, doubt: None };
                    function.attributes.borrow_mut().insert(NOT_FOLLOWED.into(), not_followed);
                }
                value
            }
            (Value::Wraps(inner), Value::Function(_) | Value::Instance(_)) => {
                self.wrap(&value, inner);
                value
            }
            (Value::DataclassMaker(options), _) => self.make_dataclass(value, *options, frame, range),
            (Value::BuiltinMethod(method), _) if matches!(method.0, Value::Property(_)) => {
                match (&method.0, &*method.1) {
                    (Value::Property(property), "setter") => Value::Property(Rc::new(Property {
                        getter: property.getter.clone(),
                        setter: Some(value),
                        refuses: false,
                    })),
                    (other, _) => other.clone(),
                }
            }
            (Value::Function(_) | Value::Method(_) | Value::Partial(_) | Value::Class(_) | Value::Instance(_), _) => {
                match self.call_plain(decorator, vec![value.clone()], frame, range) {
                    found if self.raised.is_none() && !may_be_fixture(&found) && found.doubt().is_some() => {
                        self.doubtful_decorator(value, frame, range)
                    }
                    found => found,
                }
            }
            (Value::Unknown(_), _) => {
                // For what those change that it may be.
                let found = self.call_plain(decorator, vec![value.clone()], frame, range);
                if may_be_fixture(&found) { found } else { self.doubtful_decorator(value, frame, range) }
            }
            _ => self.doubtful_decorator(value, frame, range),
        }
    }

    /// `functools.update_wrapper`: the wrapper shows what the inner function is.
    pub(super) fn wrap(&mut self, wrapper: &Value, inner: &Value) {
        match (wrapper, inner) {
            (Value::Function(wrapper), Value::Function(inner)) => wrapping::wrap(wrapper, inner),
            (Value::Instance(instance), Value::Function(function)) => {
                let held: Vec<_> = function.attributes.borrow().clone().into_iter().collect();
                held.into_iter().for_each(|(name, one)| self.put_attribute(instance, &name, one.value));
                self.put_attribute(instance, "__name__", Value::str(&*function.name()));
                self.put_attribute(instance, "__wrapped__", inner.clone());
            }
            (Value::Function(wrapper), Value::Unknown(doubt)) => wrapping::wrap_one_of_several(wrapper, doubt),
            _ => {}
        }
    }

    /// It is taken to keep a function with these parameters; marks and parameters may be others.
    fn doubtful_decorator(&mut self, value: Value, frame: &Frame, range: Range) -> Value {
        let source: Vec<&str> = frame.module.file.slice(range).split_whitespace().collect();
        let text = format!("the decorator `{}` is not followed", source.join(" "));
        let doubt = self.doubt(frame, range, text);
        self.note_risk(&doubt);
        if let Value::Class(class) = &value {
            class.doubt.borrow_mut().get_or_insert_with(|| doubt.clone());
        }
        self.taint(&value, &doubt);
        value
    }

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
                    let text = format!("the base class `{}` is not known", frame.module.file.slice(base.range));
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
                let source = super::value::Source { file: frame.module.file.clone(), range };
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

    pub(super) fn arguments(&self, values: Vec<Value>, frame: &Frame, range: Range) -> Arguments {
        let source = super::value::Source { file: frame.module.file.clone(), range };
        let positional = values.into_iter().map(|value| super::value::Argument { value, source: source.clone() });
        Arguments { positional: positional.collect(), keywords: Vec::new() }
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

/// The attribute that says that a function's body is not run.
pub(super) const NOT_FOLLOWED: &str = "<not followed>";

pub(super) fn property(getter: Value) -> Value {
    Value::Property(Rc::new(Property { getter, setter: None, refuses: true }))
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

pub(super) fn set_abstract(value: &Value) {
    match value {
        Value::Function(function) => function.is_abstract.set(true),
        Value::StaticMethod(inner) | Value::ClassMethod(inner) => set_abstract(inner),
        Value::Property(property) => set_abstract(&property.getter),
        Value::Fixture(fixture) => set_abstract(&fixture.function),
        _ => {}
    }
}

/// A layer of `mock.patch`: on a class it goes on each of its test methods.
fn patch(value: &Value, injects: bool) {
    match value {
        Value::Function(function) => function.patches.set(function.patches.get() + usize::from(injects)),
        Value::Class(class) => {
            for (name, binding) in class.names.borrow().iter() {
                if name.starts_with("test")
                    && let Value::Function(function) = &binding.value
                {
                    function.patches.set(function.patches.get() + usize::from(injects));
                }
            }
        }
        _ => {}
    }
}
