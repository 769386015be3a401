//! Programs that nest whatever the grammar lets nest.

pub(super) struct Generator(pub(super) fastrand::Rng);

/// Expressions without any within.
const LEAVES: [&str; 16] = [
    "a",
    "1",
    "0x_ff",
    "1_0.5e3",
    "2j",
    "18446744073709551616",
    "'s'",
    r"b'\x00'",
    r"r'\d' 'é'",
    "None",
    "...",
    "f'{a}{b!r:>{c}} {{}}'",
    "f\"{a['k']=}\"",
    r"'\ud800'",
    "'''x\n y'''",
    "(lambda: a)",
];

impl Generator {
    fn expression(&mut self, depth: u32) -> String {
        if depth == 0 {
            return self.0.choice(LEAVES).unwrap_or("a").to_owned();
        }
        let [x, y, z] = [(); 3].map(|()| {
            let depth = self.0.u32(0..depth);
            self.expression(depth)
        });
        match self.0.u8(0..26) {
            0 => format!("({x} + {y} * {z})"),
            1 => format!("(not {x})"),
            2 => format!("(-{x} ** {y})"),
            3 => format!("({x} and {y} or {z})"),
            4 => format!("({x} < {y} is not {z})"),
            5 => format!("({x} if {y} else {z})"),
            6 => format!("(lambda p, /, q={x}, *r, s, **t: {y})"),
            7 => format!("[{x}, *{y}, {z},]"),
            8 => format!("({x},)"),
            9 => format!("{{{x}: {y}, **{z}}}"),
            10 => format!("{{{x}, {y}}}"),
            11 => format!("f({x}, *{y}, k={z}, **a)"),
            12 => format!("f(v for v in {x} if {y})"),
            13 => format!("[v for v, w in {x} if {y} for u in {z}]"),
            14 => format!("{{v: {x} for v in {y}}}"),
            15 => format!("{{v for v in {x}}}"),
            16 => format!("a[{x}:{y}, ::{z}]"),
            17 => format!("a[{x}].b.c"),
            18 => format!("a[*{x}, {y}]"),
            19 => format!("(n := ({x}))"),
            20 => format!("( # ) comment\n  {x} @ {y}\n)"),
            21 => format!("({x}) .b"),
            22 => format!("f''f'{{a}}' 'lit' f'{{ b, }}{{c!s}}'[{x}:]"),
            23 => format!("(~{x} | {y} >> {z})"),
            24 => "(v for v in a)".to_owned(),
            _ => format!("({x}, {y})[{z}]"),
        }
    }

    /// Statements of one indentation, inside a function.
    pub(super) fn block(&mut self, depth: u32, indent: &str) -> String {
        (0..self.0.usize(1..4)).map(|_| self.statement(depth, indent)).collect()
    }

    fn statement(&mut self, depth: u32, indent: &str) -> String {
        let size = self.0.u32(0..4);
        let [x, y] = [(); 2].map(|()| self.expression(size));
        if depth == 0 { self.simple(indent, &x, &y) } else { self.compound(depth, indent, &x, &y) }
    }

    fn simple(&mut self, indent: &str, x: &str, y: &str) -> String {
        match self.0.u8(0..12) {
            0 => format!("{indent}a = b, *c = {x}\n"),
            1 => format!("{indent}a.b: {x} = {y}\n"),
            2 => format!("{indent}a[{x}] //= {y}; pass # {{\n"),
            3 => format!("{indent}assert {x}, {y}\n"),
            4 => format!("{indent}raise {x} from {y}\n"),
            5 => format!("{indent}from ..p import q as r, s\n{indent}import t.u, v as w\n"),
            6 => format!("{indent}del a, b[{x}]\n\n"),
            7 => format!("{indent}a = {x}, {y}\n"),
            8 => format!("{indent}def one(a={x}): return {y}; pass\n"),
            9 => format!("{indent}yield {x}, {y}\n"),
            10 => format!("{indent}a = yield\n{indent}def two(): b = yield from {x}\n"),
            _ => format!("{indent}{x}\n"),
        }
    }

    fn compound(&mut self, depth: u32, indent: &str, x: &str, y: &str) -> String {
        let deeper = format!("{indent}{}", self.0.choice(["  ", "    ", " "]).unwrap_or(" "));
        let [body, other] = [(); 2].map(|()| self.block(depth - 1, &deeper));
        match self.0.u8(0..11) {
            0 => format!("{indent}@({x})\n\n{indent}# why\n{indent}def f(a, b: {y} = 1) -> (\n  int): # :\n{body}"),
            1 => format!("{indent}@a.b({x})\n{indent}async def f(*, a):\n{deeper}async with a as b, c: pass\n{body}"),
            2 => format!(
                "{indent}class C(A, k={x}):\n{deeper}'''doc'''\n{deeper}def f(self):\n{deeper} yield {y}\n{body}"
            ),
            3 => format!("{indent}if {x}:\n{body}{indent}elif {y}:\n{other}{indent}else: pass\n"),
            4 => format!("{indent}for a, b in {x}:\n{body}{indent}else:\n{other}"),
            5 => format!("{indent}while {x}:\n{body}"),
            6 => format!("{indent}try:\n{body}{indent}except (A, {x}) as e:\n{other}{indent}finally: pass\n"),
            7 => format!("{indent}with {x} as a, f({y}):\n{body}"),
            8 => format!(
                "{indent}match {x}, {y}:\n{deeper}case [1, *r] | [r] if a:\n{deeper} pass\n{deeper}case _: pass\n"
            ),
            9 => format!("{indent}def g(a, /, *b, c=({x}), **d):\n\n{body}{deeper}# end\n"),
            _ => format!("{indent}def h(\n): # (\n{deeper}\"\"\"yields \\\"nothing\"\"\"\n{body}"),
        }
    }
}
