"""A corpus of small tables in the encodings that offices have.

All names are made up. TCVN3 and VNI are written by tables of this file's own, letter by letter.
"""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Iterator

from attrs import frozen

__all__ = ["Sample", "corpus", "in_cp1258", "in_tcvn3", "in_vni"]

_VIETNAMESE: dict[str, tuple[str, ...]] = {
    "names": (
        "Họ tên;SĐT;Địa chỉ",
        "Nguyễn Văn Tèo;0987654321;12 Lê Lợi, Huế",
        "Đỗ Thị Ánh;0912345678;Ngõ 5 phố Hàng Bún, Hà Nội",
        "Trần Quốc Việt;0903000111;Quận Bình Thạnh",
        "Phạm Hồng Phượng;0935123123;Thị xã Sơn Tây",
        "Lê Hoàng Yến;0977000222;Đà Nẵng",
    ),
    "one row": ("name;phone", "Nguyễn Đức;0987654321"),
    "notes": (
        "phone,ghi chú",
        "0987654321,Khách hẹn gọi lại buổi chiều thứ ba",
        "0912345678,Đã chuyển khoản; cần xuất hoá đơn",
        "0903000111,Không nghe máy, nhắn tin trước",
    ),
    "capitals": ("TEN;SDT", "NGUYỄN VĂN ĐỨC;0987654321", "TRẦN THỊ HƯỜNG;0912345678"),
}
_WESTERN: dict[str, tuple[str, ...]] = {
    "italian": ("name,phone", "Niccolò D'Agrì,0987654321", "Forlì Perù,0912345678"),
    "french": ("nom;téléphone;ville", "Hélène Lefèvre;0987654321;Besançon", "Noël Gaëtan;0912345678;Orléans"),
    "german": ("Name;Telefon;Ort", "Jürgen Groß;0987654321;Köln", "Käthe Schönfeld;0912345678;Düsseldorf"),
    "portuguese": ("nome,telefone", "João Simões,0987654321", "Conceição Magalhães,0912345678"),
    "spanish": ("nombre;teléfono", "Íñigo Muñoz;0987654321", "María Peñalosa;0912345678"),
    "one name": ("name,phone", "Lê,0987654321"),
    "word's quotes": ("name,phone", "O’Brien – “Pat”,0987654321"),
}


def _one_row_each(*rows: str) -> dict[str, tuple[str, str]]:
    """The least to judge by."""
    return {f"row {number}": ("name,phone", f"{words},0987654321") for number, words in enumerate(rows)}


_VIETNAMESE |= _one_row_each(
    *("Bùi Xuân Huấn,Khuất Duy Tiến", "Võ Thị Sáu - Phường 7", "Hồ Ngọc Hà; Gò Vấp; ghi chú: gọi sau 5 giờ"),
    *("ĐẶNG QUỐC KHÁNH", "Lý Thường Kiệt", "Vũ Hữu Nghĩa,Kiều Oanh", "Trịnh Công Sơn (vợ: Quỳnh)"),
    *("Công ty TNHH Một Thành Viên Vạn Phúc", "Tạ Đình Đề", "Ngõ 12 Khương Thượng, Đống Đa"),
)
_WESTERN |= _one_row_each(
    *("François Müller", "Ana Conceição, Açores", "Åsa Öberg,Björn Ångström", "Þór Guðmundsson", "Zoë Núñez"),
    *("Étienne Bézier", "Año Nuevo – España", "Lübeck straße", "São Paulo", "Crème brûlée"),
)
_JAPANESE: dict[str, tuple[str, ...]] = {
    "names": ("氏名,電話,住所", "山田太郎,0987654321,東京都千代田区", "佐藤花子,0912345678,大阪市北区"),
    "kana": ("なまえ,でんわ", "タナカ　ソラ,0987654321", "すずき　はな,0912345678"),
}


@frozen(kw_only=True)
class Sample:
    """A table as bytes.

    Attributes:
        name: which.
        family: the encoding.
        data: the bytes.
        text: what they say; where bytes are stray, with them as surrogates.
    """

    name: str
    family: str
    data: bytes
    text: str


def in_cp1258(text: str) -> bytes:
    """Windows-1258 as Windows writes it: the five tones behind their vowels."""
    pieces: list[str] = []
    for letter in text:
        parts = unicodedata.normalize("NFD", letter)
        tones = [part for part in parts[1:] if part in "\u0300\u0309\u0303\u0301\u0323"]
        try:
            letter.encode("cp1258")
            pieces.append(letter)
        except UnicodeEncodeError:
            base = unicodedata.normalize("NFC", "".join(part for part in parts if part not in tones))
            pieces.append(base + "".join(tones))
    return "".join(pieces).encode("cp1258")


_TCVN3 = (
    "à\xb5 ả\xb6 ã\xb7 á\xb8 ạ\xb9 ằ\xbb ẳ\xbc ẵ\xbd ắ\xbe ặ\xc6 ầ\xc7 ẩ\xc8 ẫ\xc9 ấ\xca ậ\xcb è\xcc"
    " ẻ\xce ẽ\xcf é\xd0 ẹ\xd1 ề\xd2 ể\xd3 ễ\xd4 ế\xd5 ệ\xd6 ì\xd7 ỉ\xd8 ĩ\xdc í\xdd ị\xde ò\xdf ỏ\xe1"
    " õ\xe2 ó\xe3 ọ\xe4 ồ\xe5 ổ\xe6 ỗ\xe7 ố\xe8 ộ\xe9 ờ\xea ở\xeb ỡ\xec ớ\xed ợ\xee ù\xef ủ\xf1 ũ\xf2"
    " ú\xf3 ụ\xf4 ừ\xf5 ử\xf6 ữ\xf7 ứ\xf8 ự\xf9 ỳ\xfa ỷ\xfb ỹ\xfc ý\xfd ỵ\xfe Ă\xa1 Â\xa2 Ê\xa3 Ô\xa4"
    " Ơ\xa5 Ư\xa6 Đ\xa7 ă\xa8 â\xa9 ê\xaa ô\xab ơ\xac ư\xad đ\xae"
)
_VNI = (
    "áaù àaø ảaû ãaõ ạaï âaâ ấaá ầaà ẩaå ẫaã ậaä ăaê ắaé ằaè ẳaú ẵaü ặaë đñ éeù èeø ẻeû ẽeõ ẹeï êeâ"
    " ếeá ềeà ểeå ễeã ệeä íí ìì ỉæ ĩó ịò óoù òoø ỏoû õoõ ọoï ôoâ ốoá ồoà ổoå ỗoã ộoä ơô ớôù ờôø ởôû"
    " ỡôõ ợôï úuù ùuø ủuû ũuõ ụuï ưö ứöù ừöø ửöû ữöõ ựöï ýyù ỳyø ỷyû ỹyõ ỵî"
)


def in_tcvn3(text: str) -> bytes:
    """TCVN3; its letters have no capitals with a tone, so those are written small, as fonts for capitals show them."""
    table = {pair[0]: pair[1] for pair in _TCVN3.split()}
    return "".join(table.get(letter) or table.get(letter.lower(), letter) for letter in text).encode("latin-1")


def in_vni(text: str) -> bytes:
    """VNI for Windows: a capital has capital marks."""
    table = {pair[0]: pair[1:] for pair in _VNI.split()}
    table |= {letter.upper(): marks.upper() for letter, marks in table.items()}
    return "".join(table.get(letter, letter) for letter in text).encode("cp1252")


def _tcvn3_text(text: str) -> str:
    small = {pair[0] for pair in _TCVN3.split()}
    return "".join(letter if letter in small or letter.lower() not in small else letter.lower() for letter in text)


def _texts(tables: dict[str, tuple[str, ...]]) -> Iterator[tuple[str, str]]:
    for name, rows in tables.items():
        yield name, "\r\n".join(rows) + "\r\n"


def corpus() -> Iterator[Sample]:
    """Each table in each encoding that has its letters."""
    for name, text in itertools.chain(*map(_texts, (_VIETNAMESE, _WESTERN, _JAPANESE))):
        yield Sample(name=name, family="UTF-8", data=text.encode(), text=text)
        yield Sample(name=name, family="UTF-8 with BOM", data=text.encode("utf-8-sig"), text=text)
        yield Sample(name=name, family="UTF-16", data=text.encode("utf-16"), text=text)
    for name, text in _texts(_VIETNAMESE):
        yield Sample(name=name, family="UTF-16 without BOM", data=text.encode("utf-16-le"), text=text)
        yield Sample(name=name, family="Windows-1258", data=in_cp1258(text), text=text)
        yield Sample(name=name, family="TCVN3", data=in_tcvn3(text), text=_tcvn3_text(text))
        yield Sample(name=name, family="VNI", data=in_vni(text), text=text)
        if name.startswith("row"):
            continue
        for stray in (b"\xa0", b"\x96", b"\xe9"):
            for at in (text.index("0987654321"), text.rindex("\r\n")):
                data = text[:at].encode() + stray + text[at:].encode()
                said = data.decode(errors="surrogateescape")
                yield Sample(name=f"{name}, {stray!r}", family="UTF-8 with a stray byte", data=data, text=said)
    for name, text in _texts(_WESTERN):
        yield Sample(name=name, family="Windows-1252", data=text.encode("cp1252"), text=text)
    for name, text in _texts(_JAPANESE):
        yield Sample(name=name, family="Shift-JIS", data=text.encode("cp932"), text=text)
