class A:
    kind = "a"
    def __init__(self, x, y=2, *rest, z=3, **more):
        self.x = x
        self.y = y
        self.rest = rest
        self.z = z
        self.more = more
    @property
    def total(self):
        return self.x + self.y
    @classmethod
    def make(cls, x):
        return cls(x)
    @staticmethod
    def twice(x):
        return x * 2
    def __eq__(self, other):
        return isinstance(other, A) and self.x == other.x
    def __repr__(self):
        return f"A({self.x!r})"
    def __len__(self):
        return self.x
    def __getitem__(self, i):
        return (self.x, i)
    def __contains__(self, v):
        return v == self.x
    def __call__(self, v):
        return v + self.x
    def __add__(self, other):
        return A(self.x + other.x)
class B(A):
    def __init__(self, x):
        super().__init__(x, y=10)
        self.extra = "b"
    @property
    def total(self):
        return super().total + 1
a = A(1, 2, 3, 4, z=5, w=6)
b = B(7)
v1 = (a.x, a.y, a.rest, a.z, a.more, a.total, A.kind, b.kind)
v2 = (b.total, b.extra, b.y, B.make(3).total, A.twice(4), a.twice("q"))
v3 = (a == A(1), a == b, a != b, repr(a), str(a), f"{a}", len(a), bool(A(0)), a["k"], 1 in a, 5 in a, a(10))
v4 = a + b
v5 = [type(b).__name__, isinstance(b, A), isinstance(a, B), issubclass(B, A), hasattr(a, "x"), hasattr(a, "nope")]
v6 = getattr(a, "nope", "default")
a.new = 1
v7 = a.new
try:
    a.missing
    v8 = "no"
except AttributeError:
    v8 = "yes"
del a.new
v9 = hasattr(a, "new")
f = a.twice
v10 = f(3)
class Q:
    def __getattr__(self, name):
        if name.startswith("ok"):
            return name
        raise AttributeError(name)
q = Q()
v11 = (q.ok1, hasattr(q, "bad"), getattr(q, "bad", 5))
class It:
    def __init__(self): self.n = 0
    def __iter__(self): return self
    def __next__(self):
        self.n += 1
        if self.n > 3: raise StopIteration
        return self.n
v12 = list(It())
class G:
    def __iter__(self):
        yield 1
        yield from [2, 3]
v13 = [x for x in G()]
v14 = max(G())
# ---
import dataclasses
from dataclasses import dataclass, field, replace, asdict, fields, KW_ONLY, InitVar
from typing import ClassVar, List
@dataclass
class P:
    x: int
    y: int = 2
    tags: list = field(default_factory=list)
    hidden: int = field(default=5, repr=False, compare=False)
    count: ClassVar[int] = 9
    def __post_init__(self):
        self.total = self.x + self.y
@dataclass
class C(P):
    z: str = "z"
    y: int = 20
@dataclass(frozen=True)
class Fz:
    a: int
    b: tuple = ()
@dataclass
class K:
    a: int
    _: KW_ONLY
    b: int = 1
    c: int = 2
@dataclass
class I:
    a: int
    b: InitVar[int] = 3
    def __post_init__(self, b):
        self.c = self.a * b
p = P(1)
c = C(1, z="q")
v1 = (p, c, p.total, c.total, P.count, p == P(1), p == P(2), p == P(1, hidden=0), P.y, p.tags)
v2 = replace(p, x=5)
v3 = asdict(c)
v4 = Fz(1, (2,))
v5 = {Fz(1): "one", Fz(2): "two"}[Fz(2)]
v6 = K(1, b=5)
v7 = I(2, 5).c
v8 = I(2).c
v9 = [f.name for f in fields(C)]
try:
    Fz(1).a = 2
    v10 = "set"
except dataclasses.FrozenInstanceError:
    v10 = "frozen"
v11 = repr([p, v4])
p.tags.append(1)
v12 = (p.tags, P(1).tags)
@dataclass
class O(P):
    def __init__(self, q):
        super().__init__(q, q)
        self.q = q
v13 = (O(3).q, O(3).x, O(3).total)
v14 = dataclasses.is_dataclass(p)
@dataclass(eq=False)
class NE:
    a: int
v15 = NE(1) == NE(1)
# ---
from typing import NamedTuple
from collections import namedtuple, OrderedDict, defaultdict, Counter
class T(NamedTuple):
    a: int
    b: str = "x"
    def both(self):
        return f"{self.a}{self.b}"
N = namedtuple("N", "p q r", defaults=[3])
t = T(1)
n = N(1, q=2)
v1 = (t, n, t.a, n.r, t.both(), t == (1, "x"), len(n), n[1], t._asdict(), n._replace(p=9), T._fields)
a, b = t
v2 = [a, b, *n]
v3 = T._make([4, "y"])
v4 = isinstance(t, tuple)
v5 = t + (5,)
v11 = (T(1, "y").b, T(2)._replace(b="z").b, N(1, 2, r=9).r)
class Sub(T):
    b = "class"
v12 = Sub(1, "inst").b
d = defaultdict(list)
d["a"].append(1)
d["b"].append(2)
d["a"].append(3)
v6 = dict(d)
v7 = sorted(d.items())
c = Counter("abracadabra")
v8 = (c["a"], c["z"], c.most_common(2))
o = OrderedDict([("x", 1), ("y", 2)])
v9 = list(o.items())
v10 = isinstance(d, dict)
# ---
import enum
from enum import Enum, IntEnum, StrEnum, Flag, IntFlag, auto, unique
class Color(Enum):
    RED = 1
    GREEN = "g"
    ALSO_RED = 1
    BLUE = auto() if False else 5
class S(StrEnum):
    A = auto()
    BB = "b-b"
class M(str, Enum):
    X = "x"
    Y = "y"
class I(IntEnum):
    ONE = 1
    TWO = 2
class F(Flag):
    R = auto()
    W = auto()
    X = auto()
class IF(IntFlag):
    A = 1
    B = 2
class D(Enum):
    def __str__(self):
        return self.name.lower()
    P = 1
    Q = 2
    @property
    def title(self):
        return self.name.title()
    @classmethod
    def first(cls):
        return cls.P
class Planet(Enum):
    EARTH = (1, 2.5)
    MARS = (3, 4.5)
    def __init__(self, mass, radius):
        self.mass = mass
        self.radius = radius
class Gen(Enum):
    def _generate_next_value_(name, start, count, last_values):
        return name + str(count)
    A = auto()
    B = auto()
class IM(int, Enum):
    A = 1
class SA(str, Enum):
    A = auto()
v1 = [Color.RED, Color.GREEN, Color.ALSO_RED, Color.BLUE, S.A, S.BB, M.X, I.ONE, F.R, F.R | F.X, IF.A | IF.B, IF.A, D.P, IM.A, SA.A]
v2 = [str(x) for x in v1]
v3 = [f"{x}" for x in v1]
v4 = [x.value for x in v1]
v5 = [Color.ALSO_RED.name, Color(1).name, Color["GREEN"].value, len(Color), [c.name for c in Color], list(Color.__members__)]
v6 = [Color.RED is Color.ALSO_RED, Color.RED == 1, I.ONE == 1, M.X == "x", S.A == "a", I.ONE < I.TWO, M.X.upper(), S.BB + "!", I.TWO + 1]
v7 = (D.P.title, D.first(), Planet.MARS.mass, Planet.EARTH.value, Gen.A.value, Gen.B.value)
try:
    Color(99)
    v8 = 1
except ValueError:
    v8 = 2
try:
    Color["NOPE"]
    v9 = 1
except KeyError:
    v9 = 2
v10 = {Color.RED: 1, M.Y: 2}[M.Y]
v11 = {"x": 5}[M.X]
Fn = Enum("Fn", "A B C")
v12 = [Fn.A, Fn.C.value, [m.name for m in Fn]]
v13 = Color.RED
v14 = M.X
v15 = I.TWO
v16 = S.BB
v17 = F.R | F.W
v18 = IF.A | IF.B
v19 = D.Q
v20 = IM.A
v21 = isinstance(M.X, str)
v22 = [c for c in Color if c is not Color.RED]
v23 = Color.RED in Color
v24 = sorted(I, reverse=True)
v25 = [F.R | F.W == F.R, bool(F.R & F.W), (F.R | F.W).value]
v26 = Color
v27 = f"{I.ONE:>3}|{S.A:>4}|{M.X:>5}"
# ---
class E1(Exception):
    pass
class E2(E1):
    def __init__(self, code):
        super().__init__(f"code {code}")
        self.code = code
def run(f, *args):
    log = []
    try:
        try:
            r = f(*args)
        except (KeyError, IndexError) as e:
            log.append("lookup")
            raise ValueError("wrapped") from e
        except E1 as e:
            log.append(type(e).__name__)
            log.append(str(e))
            log.append(getattr(e, "code", None))
        else:
            log.append(("ok", r))
        finally:
            log.append("finally")
    except ValueError as e:
        log.append(("value", str(e), e.args))
    except ZeroDivisionError:
        log.append("zero")
    return log
def boom(e):
    raise e
v1 = run(lambda: {}["x"])
v2 = run(lambda: [][0])
v3 = run(boom, E2(5))
v4 = run(boom, E1("m", 2))
v5 = run(lambda: 1 / 0)
v6 = run(lambda: 5)
v7 = run(boom, E1)
v8 = run(lambda: int("x1"))
import contextlib
with contextlib.suppress(KeyError):
    v9 = 1
    {}["q"]
    v9 = 2
def g():
    for i in range(5):
        try:
            if i == 2:
                continue
            if i == 4:
                break
            if i == 3:
                return ("ret", i)
        finally:
            seen.append(i)
seen = []
v10 = g()
v11 = seen
try:
    assert False, "m"
except AssertionError:
    v12 = "assert"
try:
    undefined_name
except NameError:
    v13 = "name"
try:
    a, b = [1, 2, 3]
except ValueError:
    v14 = "unpack"
v15 = [str(ValueError("a")), repr(ValueError("a", 1)), str(KeyError("k")), str(E1())]
v16 = ValueError("x")
v17 = E2(1)
try:
    next(iter([]))
except StopIteration:
    v18 = "stop"
# ---
def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)
v1 = [fib(i) for i in range(10)]
def counter():
    n = 0
    def inc(by=1):
        nonlocal n
        n += by
        return n
    return inc
c = counter()
v2 = [c(), c(), c(5)]
G = 1
def setg():
    global G, H
    G = 5
    H = "h"
setg()
v3 = (G, H)
def gen(n):
    i = 0
    while i < n:
        yield i
        i += 1
    return "done"
v4 = list(gen(4))
it = gen(3)
v5 = (next(it), next(it), list(it), list(it))
def kw(a, /, b, *args, c=3, **kwargs):
    return (a, b, args, c, kwargs)
v6 = kw(1, 2, 3, 4, c=5, d=6)
v7 = kw(1, b=2)
v8 = kw(*[1, 2], **{"c": 9, "x": 8})
def default(x, acc=[]):
    acc.append(x)
    return acc
v9 = [list(default(1)), list(default(2))]
import functools
def deco(fn):
    @functools.wraps(fn)
    def wrapper(*args, **kwargs):
        return ("wrapped", fn(*args, **kwargs))
    return wrapper
def deco2(label):
    def outer(fn):
        def inner(*a):
            return label + fn(*a)
        return inner
    return outer
@deco
def plain(x):
    return x + 1
@deco2("L:")
def text(x):
    return x
v10 = (plain(1), plain.__name__, text("q"), text.__name__)
v11 = functools.reduce(lambda a, b: a * b, [1, 2, 3, 4])
v12 = functools.partial(kw, 1, c=7)(2)
v13 = list(map(lambda x, y: x + y, [1, 2], [3, 4]))
fs = [lambda x, i=i: x + i for i in range(3)]
v14 = [f(10) for f in fs]
fs2 = [lambda: i for i in range(3)]
v15 = [f() for f in fs2]
v16 = (lambda *a, **k: (a, k))(1, z=2)
def early(xs):
    for x in xs:
        if x > 2:
            return x
    else:
        return None
v17 = (early([1, 2, 3]), early([]))
v18 = [y := 5, y ** 2]
v19 = any(x > 3 for x in [1, 5]) and all(x for x in [])
v20 = plain
def outer():
    x = 1
    class Inner:
        y = x + 1
        z = [y for _ in range(2)] if False else y
    return Inner.y, Inner.z
v21 = outer()
# ---
x = [1, 2, 3, 4, 5]
v1 = (x[1:3], x[::-1], x[::2], x[-2:], x[5:], x[-1], "hello"[1:4], "hello"[::-1], (1, 2, 3)[1:], b"abc"[1], b"abc"[:2], range(10)[2:4] == range(2, 4))
y = x[:]
y[1:3] = ["a"]
y[0] = 0
del y[-1]
v2 = y
y.insert(1, "i"); y.remove("a"); y.extend((7, 8)); y.reverse()
v3 = (list(y), y.index(7), y.count(7), y.pop(), y.pop(0), y)
z = [3, 1, 2]
z.sort(key=lambda v: -v)
v4 = z
z.sort(reverse=True)
v5 = (sorted("hello"), sorted([3, 1, 2], reverse=True), sorted(["b", "A", "c"], key=str.lower), sorted([(2, "a"), (1, "b")]))
a, *b, c = range(5)
v6 = (a, b, c)
(p, q), r = (1, 2), 3
v7 = (p, q, r)
d = {"a": 1, **{"b": 2}, "a": 3}
d["c"] = 4
d.update(e=5, f=6)
v8 = (d, d.pop("b"), d.pop("zz", None), d.setdefault("g", []), d.get("q"), d.get("a", 0), list(d), list(d.values()), dict(d) | {"a": 0})
d["g"].append(1)
v9 = d
v10 = {k: v for k, v in sorted(d.items(), key=lambda kv: str(kv[0])) if k != "a"}
s = {1, 2, 3}
s.add(4); s.discard(1)
v11 = (sorted(s | {9}), sorted(s & {2, 3}), sorted(s - {2}), sorted(s ^ {2, 10}), 2 in s, s >= {2}, len(s), {5}, set(), frozenset([1]))
v12 = [i for i in range(3) for j in range(i) if i != j]
v13 = list(zip("abc", range(2))) + list(enumerate("ab", 1))
v14 = [1] * 3 + [[]] * 2
v15 = (1, "a") < (1, "b"), [1, 2] < [1], 1 < 2 < 3, 1 < 3 < 2, 1 == 1.0, "a" in "abc", 0.1 + 0.2, 7 // -2, -7 % 3, 2 ** 10, 2 ** -1, 7.5 // 2, -7.5 % 2, 1e16, 1e-5, 10 / 4, True + 1, ~5, 5 & 3, 5 | 3, 5 ^ 3, 1 << 4
v16 = (min([3, 1, 2]), max("a", "b"), min([], default=0), sum([1, 2, 3]), sum([[1], [2]], []), abs(-3), round(2.5), round(3.14159, 2), divmod(7, 2), pow(2, 5, 7), max([1, 3], key=lambda v: -v))
v17 = (bool([]), int("42"), int(3.9), int("ff", 16), float("1.5"), float("inf"), str(1.0), chr(65), ord("a"), hex(255), bin(5), oct(8), list("ab"), tuple([1]), bytes(3), complex(1, -2), len("日本"))
n = 0
while True:
    n += 1
    if n > 5:
        break
else:
    n = -1
v18 = n
m = []
for i in range(3):
    if i == 5: break
else:
    m.append("else")
v19 = m
match (1, "x"):
    case 5: v20 = "five"
    case _: v20 = "other"
match "b":
    case "a" | "b": v21 = "ab"
    case _: v21 = "no"
l2 = [1, 2]
for e in l2:
    if len(l2) < 5:
        l2.append(e * 2)
v22 = l2
v23 = [*range(3), *"ab"]
v24 = "yes" if v23 else "no"
v25 = None or 0 or "" or []
v26 = 1 and "a" and [0]
k = j = []
k += [1]
v27 = j
t = (1, 2)
t += (3,)
v28 = t
v29 = {**{"x": 1}}.items()
v30 = list(reversed([1, 2, 3]))
v31 = [x for x in (1, 2, 3) if x > 1][0]
v32 = "abc".__class__.__name__ if False else type("abc").__name__
v33 = [list(r) for r in ([0] * 2,) * 2]
v34 = isinstance(True, int), isinstance(1, bool), isinstance("a", (int, str)), callable(len), isinstance([], (list, tuple))
# ---
s = "Hello, World"
v1 = (s.lower(), s.upper(), s.title(), s.swapcase(), s.replace("l", "L", 1), s.split(", "), s.find("o"), s.rfind("o"), s.index("W"), s.count("l"), s.startswith(("He", "x")), s.endswith("d"), s.partition(", "), s.rpartition("o"), s.center(20, "*"), s.ljust(14, "."), s.rjust(14), s.zfill(15), "-5".zfill(4), "a-b-c".rsplit("-", 1), " a  b ".split(), "  x ".strip(), "xxaxx".strip("x"), "a.b".removesuffix(".b"), "ab12".isalnum(), "12".isdigit(), "Ab".istitle() if False else 0, "a\nb\n".splitlines(), "abc".encode(), b"abc".decode(), "-".join(["a", "b"]), "ab".capitalize(), "x".join("abc"))
v2 = ("%s-%d-%05.2f-%x-%r-%%" % ("a", 5, 3.14159, 255, "q"), "%(a)s %(b)03d" % {"a": 1, "b": 2}, "%s" % (1,), "%5s|%-5s|" % ("a", "b"), "%+d % d" % (1, 2), "%e %g %g" % (12345.678, 0.00001, 1e10))
v3 = ("{} {}".format(1, "a"), "{1} {0}".format(1, 2), "{a} {b:>5}".format(a=1, b="x"), "{0[k]} {1.real}".format({"k": 5}, 3) if False else 0, "{!r:>6}".format("a"), "{{}}".format())
x, y = 3.14159, 1234567
v4 = (f"{x:.2f} {y:,} {y:_} {x:10.3f}| {x:<10.1f}| {x:^10.1f}| {x:+.1f} {y:e} {y:x} {y:#x} {y:b} {255:08b} {0.25:%} {0.256:.1%} {x:g} {1e20:g} {y:>12} {'s':>4}{'s':<4}{'s':^5}{'abc':.2} {True} {None} {[1, 'a']} {x!r} {'q'!r} {y=}")
w = 8
v5 = f"{x:{w}.{2}f}|{'a':{'*'}^{w}}"
v6 = [repr(v) for v in ("a'b", 'a"b', "a'\"b", "\n\t\\", "é", "\x00", b"a\x00'", 1.0, 1e100, -0.0, 1e16, 123456789.123, float("nan"), float("-inf"), (1,), (), {}, {"a": [1]}, None, ..., True, 10**20, 1j, -1j, range(3), range(1, 9, 2), {1}, set())]
v7 = [str(v) for v in (1.5, "a", b"a", None, [1, "b"], {"k": "v"}, ("x",))]
v8 = "abc" * 2 + "d"
v9 = "a" "b" f"{1}" "c"
v10 = [c for c in "abc"]
v11 = "abc" > "abd", "a" < "B", "" < "a"
v12 = ascii("a") if False else format(3, "03d"), format("x", ">3"), format(2.5)
v13 = str(b"x"), str([b"x"])
v14 = [f"{v:.3}" for v in (123.456, 0.5, 1e10, 100.0)]
v15 = [f"{v}" for v in (1e22, 5e-324, 0.1, 1e15, 123456789012345678.0)]
v16 = "{:>{w}}".format("a", w=4)
v17 = "tab\there".expandtabs() if False else "x"
v18 = "a,b;c".replace(",", ";").split(";")
v19 = " ".join(str(i) for i in range(3))
v20 = "%s %s" % ("a", [1])
# ---
import itertools, operator, copy, math, json, string, textwrap, types, os, sys
v1 = list(itertools.product([1, 2], "ab"))
v2 = list(itertools.product([0, 1], repeat=2))
v3 = (list(itertools.chain([1], (2,), "c")), list(itertools.chain.from_iterable([[1], [2, 3]])), list(itertools.combinations("abc", 2)), list(itertools.permutations([1, 2, 3], 2)), list(itertools.repeat("x", 2)), list(zip(itertools.count(5), "ab")), list(itertools.islice(itertools.cycle("ab"), 5)), list(itertools.islice(range(10), 2, 8, 3)), list(itertools.starmap(pow, [(2, 3)])), list(itertools.zip_longest("ab", "c", fillvalue="-")), list(itertools.accumulate([1, 2, 3])), [(k, list(g)) for k, g in itertools.groupby("aabbc")], list(itertools.takewhile(lambda v: v < 3, [1, 2, 3, 1])), list(itertools.dropwhile(lambda v: v < 3, [1, 2, 3, 1])), list(itertools.pairwise([1, 2, 3])), list(itertools.combinations_with_replacement("ab", 2)))
v4 = (operator.itemgetter(1)([1, 2]), operator.itemgetter("a", "b")({"a": 1, "b": 2}), operator.attrgetter("real")(3) if False else 0, operator.add(1, 2), sorted([(1, "b"), (2, "a")], key=operator.itemgetter(1)))
a = [[1], {"k": [2]}]
b = copy.deepcopy(a); c = copy.copy(a)
b[0].append(9); c[0].append(8)
v5 = (a, b, c)
v6 = (math.ceil(1.2), math.floor(-1.2), math.sqrt(16), math.pi, math.inf, math.gcd(12, 18), math.factorial(5), math.isnan(math.nan), math.prod([2, 3]), math.log2(8))
v7 = (json.dumps({"a": [1, 2.5, None, True, "x\"y"]}), json.dumps([]), json.dumps({"b": 1, "a": 2}, sort_keys=True))
v8 = (string.ascii_lowercase[:3], string.digits)
v9 = textwrap.dedent("""
    a
      b
    """)
ns = types.SimpleNamespace(x=1, y="b")
ns.z = 3
v10 = (ns.x, ns.y, ns.z)
v11 = ns
v12 = sys.version_info >= (3, 8), sys.version_info[0], sys.version_info[:2] >= (3, 10), sys.platform, sys.version_info.major, sys.maxsize
it = iter([1, 2, 3])
v13 = (next(it), list(it), list(it), next(iter([]), "d"))
z = zip([1, 2], [3, 4])
v14 = (list(z), list(z))
m = map(str, [1, 2])
v15 = (next(m), [*m], [*m])
v16 = list(filter(None, [0, 1, "", "a"])), list(filter(lambda v: v > 1, [1, 2, 3]))
import re
v17 = re.compile("a.b")
from functools import partial, lru_cache
@lru_cache(maxsize=None)
def sq(x): return x * x
v18 = sq(4)
v19 = os.path.join("a", "b", "/c", "d"), os.path.basename("/x/y.txt"), os.path.dirname("/x/y.txt"), os.path.splitext("a/b.tar.gz"), os.path.normpath("a/./b/../c"), os.path.split("/a/b")
from pathlib import Path, PurePosixPath
p = Path("/a/b") / "c.tar.gz"
v20 = (str(p), p.name, p.stem, p.suffix, str(p.parent), p.parts, str(p.with_suffix(".x")), str(p.relative_to("/a")), p.as_posix(), str(Path("a", "b").joinpath("c")), p == Path("/a/b/c.tar.gz"), p.suffixes, str(p.parents[1]), str(Path("a//b/./c/")), str(Path(".")), p.is_absolute(), str(p.with_name("q")), Path("b") < Path("c"))
v21 = p
v22 = int, str, list[int], dict, ValueError, print, len
v23 = list[int]
v24 = lambda: 1
v25 = int | None
v26 = print
v27 = os.path
v28 = os.environ.get("DEFINITELY_NOT_SET", "dflt"), "DEFINITELY_NOT_SET" in os.environ
os.environ["SET_HERE_XYZ"] = "v"
v29 = os.environ["SET_HERE_XYZ"], os.getenv("SET_HERE_XYZ")
v30 = globals()["v28"][0]
globals()["dyn"] = 5
v31 = dyn
X = type("X", (), {"a": 1, "f": lambda self: self.a})
v32 = (X.__name__, X().f(), X.a)
v33 = [type(None), type(1), type("a") is str]
v34 = complex(1, 2), 3 + 2j
v35 = frozenset({1}) == {1}, {1, 2} == {2, 1}, {"a": 1} == {"a": 1.0}, [1] == (1,)
# ---
from abc import ABC, abstractmethod
class Base(ABC):
    registry = []
    def __init_subclass__(cls, **kw):
        Base.registry.append((cls.__name__, kw))
    @abstractmethod
    def f(self): ...
    def g(self): return "g" + self.f()
class Impl(Base, tag="t"):
    def f(self): return "f"
v1 = (Base.registry, Impl().g())
try:
    Base()
    v2 = "made"
except TypeError:
    v2 = "abstract"
class L(list):
    pass
class DD(dict):
    def first(self): return next(iter(self))
class SS(str):
    def shout(self): return self.upper() + "!"
class II(int):
    pass
l = L([1, 2]); l.append(3)
d = DD(a=1)
s = SS("x")
v3 = (list(l), len(l), l[0], d.first(), d["a"], s.shout(), s + "y", II(5) + 1, s == "x")
v4 = SS("abc")
v5 = II(7)
v6 = L([1])
class M1:
    def who(self): return ["M1"]
class M2(M1):
    def who(self): return ["M2"] + super().who()
class M3(M1):
    def who(self): return ["M3"] + super().who()
class M4(M2, M3):
    def who(self): return ["M4"] + super().who()
v7 = M4().who()
class Cfg:
    items = []
    n = 0
    def add(self, x):
        self.items.append(x)
        self.n += 1
        return self
c1 = Cfg().add(1).add(2)
c2 = Cfg()
v8 = (c2.items, c1.n, c2.n, Cfg.n)
Cfg.n = 10
v9 = (c1.n, c2.n)
class Desc:
    def __set_name__(self, owner, name):
        self.name = name
class UsesDesc:
    field = Desc()
v10 = UsesDesc.__dict__["field"].name if False else "x"
class WithCtx:
    def __enter__(self):
        log.append("in")
        return 5
    def __exit__(self, *a):
        log.append("out")
log = []
with WithCtx() as w:
    log.append(w)
v11 = log
class Named:
    __name__ = "custom"
v12 = Named()
class Plain: pass
v13 = Plain()
v14 = Plain
v15 = Plain().__class__.__name__
class Cmp:
    def __init__(self, v): self.v = v
    def __lt__(self, o): return self.v < o.v
v16 = Cmp(1) < Cmp(2)
v17 = [x.__name__ for x in (Plain, Base, int, len)]
class Outer:
    class Inner:
        v = 3
    x = Inner.v + 1
v18 = (Outer.x, Outer.Inner.v)
v19 = vars(Cmp(3))
class Hash:
    def __hash__(self): return 1
    def __eq__(self, o): return True
v20 = Hash() == 5
v21 = Plain() == Plain()
v22 = Plain() is None
v23 = bool(Plain())
# ---
s = {"b", "a", "c"}
out = []
last = None
seen = {}
for x in s:
    y = x + "!"
    y = y * 2
    if x != "b":
        out.append((x, y))
    last = x
    seen[x] = len(seen)
v1 = sorted(out)
v2 = len(out)
v3 = sorted(seen)
v4 = ("a", "a!a!") in v1
def collect():
    found = []
    for a in {"x", "y"}:
        for b in {1, 2}:
            if b == 2 and a == "x":
                continue
            found.append(f"{a}{b}")
    return found
v5 = sorted(collect())
more = ["z"]
more.extend(collect())
v6 = sorted(more, reverse=True)
more.append("q")
v7 = sorted(more)
v8 = sorted(x.upper() for x in s)
v9 = sorted([x for x in s if x > "a"])
total = 0
for n in {1, 2, 3}:
    total += n
count = 0
for n in {5, 6}:
    count = n
grown = []
for n in {1, 2, 3}:
    if 2 in grown:
        grown.append(9)
    grown.append(n)
v10 = sorted(set(collect()))
first = None
for n in {7, 8}:
    first = n
    break
more.insert(0, "i")
more.sort()
def find():
    for n in {1, 2}:
        if n > 0:
            return n
found = find()
w = [x for x in s]
w.reverse()
acc = []
for n in {1, 2}:
    acc = acc + [n]
v11 = sorted(x for x in {3, 1, 2} if x != 2)
# ---
import json
import pathlib
import platform
import sys

a = json.loads('{"b": [1, 2.5, null, true], "a": "x\\u00e9"}')
b = list(a)
c = a["b"][1]


def below(one, other):
    try:
        one.relative_to(other)
        return True
    except ValueError:
        return False


d = below(pathlib.PurePath("/a/b"), pathlib.PurePath("/a"))
e = below(pathlib.PurePath("/a/b"), pathlib.PurePath("/c"))
f = platform.python_implementation() == "CPython"
g = hasattr(sys, "pypy_version_info")
h = sys.implementation.name
