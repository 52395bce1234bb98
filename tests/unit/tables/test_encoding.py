"""In which encoding a text is does not depend on where its odd bytes stand, and what cannot be told is asked for."""

import codecs
import io
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etelecom_async import ConfigError
from etelecom_async.tables import Reading, Undecided, open_source
from etelecom_async.tables.detection import detect
from etelecom_async.tables.encoding import named
from etelecom_async.tables.input import HEAD, FileInput, StreamInput
from tests.support.encoding_samples import corpus, in_cp1258, in_tcvn3, in_vni
from tests.support.tables import cells

ROWS = ["tên;sđt", *(f"Nguyễn Văn {chr(65 + n % 26)};09876543{n:02d}" for n in range(60))]
VIETNAMESE = "\n".join(ROWS) + "\n"


def told(data, said=None):
    return detect(StreamInput(io.BytesIO(data), name="phones.csv"), said=said)


@pytest.mark.parametrize("sample", list(corpus()), ids=lambda sample: f"{sample.family}: {sample.name}")
def test_a_table_of_the_corpus_is_read_right_or_asked_for(sample):
    try:
        judgement = told(sample.data)
    except Undecided as question:
        texts = [named(key).decode(sample.data) for key, _ in question.choices]
        assert sample.text in texts
        assert sample.name in {"one name", "row 2"}, "only what has too few words"
    else:
        assert judgement.encoding.decode(sample.data) == sample.text


@pytest.mark.parametrize("stray", [b"\xa0", b"\xe9", b"\x92", b"\xff", b"\xc3", b"\xed\xa0\x80"])
def test_utf8_with_a_stray_byte_stays_utf8_wherever_the_byte_stands(tmp_path, stray):
    """A4: the byte is kept, and told with its line."""
    lines = VIETNAMESE.encode().splitlines(keepends=True)
    path = tmp_path / "in.csv"
    for at in (1, 17, 60):
        odd = [*lines[: at - 1], lines[at - 1].replace(b";", stray + b";", 1), *lines[at:]]
        path.write_bytes(b"".join(odd))
        judgement = detect(FileInput(path))
        count = len(stray)
        assert (judgement.encoding.name, judgement.certainty) == ("UTF-8", "likely")
        assert (judgement.strays, judgement.first_stray) == (count, at)
        assert b"".join(odd) == judgement.encoding.decode(path.read_bytes()).encode(errors="surrogateescape")


def test_a_stray_byte_far_behind_the_beginning_changes_nothing(tmp_path):
    """A4: all of a file is looked at."""
    path = tmp_path / "in.csv"
    path.write_bytes(b"phone,name\n" + "0987654321,Tèo\n".encode() * 40_000 + b"0912345678,caf\xe9\n")
    assert path.stat().st_size > 2 * HEAD
    source = open_source(path)
    assert "UTF-8, likely, 1 stray byte kept, in line 40,002" in source.description
    *_, last = source.rows()
    assert last.cells == ("0912345678", "caf\udce9")


@given(st.permutations(["Tèo,1", "Đỗ,2", "caf\udce9,3", "x,4", "Nguyễn,5"]))
def test_the_order_of_the_lines_decides_nothing(lines):
    judgement = told("\n".join(lines).encode(errors="surrogateescape"))
    assert (judgement.encoding.key, judgement.strays) == ("utf-8", 1)


@pytest.mark.parametrize("name", ["Niccolò D'Agrì", "João Simões", "Íñigo Muñoz", "Günther Weiß", "Søren Ågård"])
@pytest.mark.parametrize("count", [1, 5, 400])
def test_western_names_keep_their_letters(name, count):
    """A5: no letter is composed into another."""
    text = "name,phone\n" + f"{name},0987654321\n" * count
    judgement = told(text.encode("cp1252"))
    assert judgement.encoding.decode(text.encode("cp1252")) == text
    assert (judgement.encoding.name, judgement.certainty) == ("Windows-1252", "likely")


def test_even_as_windows_1258_no_tone_is_put_on_a_consonant():
    """A5: where the user says so against all likelihood."""
    text = named("cp1258").decode("Niccolò D'Agrì".encode("cp1252"))
    assert text == "Niccol\u0323o".replace("\u0323o", "\u0323") + " D'Agr\u0301"
    assert named("cp1258").decode(in_cp1258("Nguyễn Đỗ Ựớ")) == "Nguyễn Đỗ Ựớ"


def test_what_fits_two_encodings_is_asked_for():
    """A5: `Mãn` in Windows-1252 has the bytes of `Măn` in Windows-1258."""
    with pytest.raises(Undecided, match=r"phones\.csv can be in several encodings: add --encoding cp1258 or") as caught:
        told("name,phone\nMãn,0987654321\n".encode("cp1252"))
    question = caught.value
    assert (question.field, [value for value, _ in question.choices]) == ("encoding", ["cp1258", "tcvn3", "cp1252"])
    labels = [label for _, label in question.choices]
    assert labels == ["Windows-1258: Măn", "TCVN3 (ABC): Món", "Windows-1252: Mãn"]
    assert isinstance(question, ConfigError)


@pytest.mark.parametrize("codec", ["cp1251", "gb18030", "euc_kr", "koi8-r", "iso8859_7"])
def test_what_is_not_known_is_asked_for_and_not_guessed(codec):
    texts = {"gb18030": "张伟,北京市", "euc_kr": "김민준,서울특별시", "iso8859_7": "Αθήνα,Γιώργος"}
    text = texts.get(codec, "Иван,Москва")
    with pytest.raises(Undecided, match="add --encoding"):
        told(f"name,phone\n{text}\n{text}\n".encode(codec))
    assert told(f"{text}\n".encode(codec), said=codec).encoding.decode(f"{text}\n".encode(codec)) == f"{text}\n"


def test_an_encoding_in_which_nothing_can_be_read_is_no_choice():
    with pytest.raises(Undecided, match="is in an unknown encoding") as caught:
        told(b"name,phone\n\x81\x8d\x90\x9d,1\n\xff\x81\x9d,2\n")
    assert not any("\ufffd" in label for _, label in caught.value.choices)


def test_half_utf8_and_half_something_else_is_asked_for():
    data = VIETNAMESE.encode() + in_tcvn3(VIETNAMESE) * 2
    with pytest.raises(Undecided, match="is partly UTF-8 and partly another encoding"):
        told(data)


def test_the_marks_of_files_decide():
    for codec, name in (("utf-8-sig", "UTF-8 with BOM"), ("utf-16", "UTF-16"), ("utf-32", "UTF-32")):
        judgement = told(VIETNAMESE.encode(codec))
        assert (judgement.encoding.name, judgement.certainty) == (name, "certain")
        assert judgement.encoding.is_marked
    with pytest.raises(ConfigError, match=r"the byte order mark of UTF-16, so it is not UTF-8: leave --encoding"):
        told(VIETNAMESE.encode("utf-16"), said="utf-8")
    assert told(codecs.BOM_UTF16_BE + VIETNAMESE.encode("utf-16-be"), said="utf-16-be").strays == 0


def test_a_damaged_letter_of_utf16_is_counted():
    data = "tên,sđt\n".encode("utf-16") + b"\x00\xd8" + "Tèo,0987654321\n".encode("utf-16-le")
    judgement = told(data)
    assert (judgement.strays, judgement.first_stray) == (1, 2)
    assert "1 damaged letter replaced, in line 2" in judgement.description


def test_the_fonts_from_before_unicode_are_known_by_their_famous_sentence():
    said = "Cộng hòa xã hội chủ nghĩa Việt Nam"
    assert named("tcvn3").decode("Céng hßa x· héi chñ nghÜa ViÖt Nam".encode("latin-1")) == said
    assert named("ABC").decode(in_tcvn3(said)) == said
    assert named("vni").decode("Coäng hoøa xaõ hoäi chuû nghóa Vieät Nam".encode("cp1252")) == said
    assert named("VNI-Windows").decode(in_vni("ĐƯỜNG Đức Ỵ")) == "ĐƯỜNG Đức Ỵ"


def test_each_vietnamese_letter_comes_back_from_each_encoding_that_has_it():
    tones = ["", *"\u0300\u0309\u0303\u0301\u0323"]
    letters = {unicodedata.normalize("NFC", base + tone) for base in "aăâeêioôơuưy" for tone in tones} | {"đ"}
    for letter in letters:
        assert named("tcvn3").decode(in_tcvn3(letter)) == letter
        for form in (letter, letter.upper()):
            assert named("vni").decode(in_vni(form)) == named("cp1258").decode(in_cp1258(form)) == form


@pytest.mark.parametrize(
    "name", ["utf-9", "", "hex", "rot13", "idna", "punycode", "unicode_escape", "undefined", "a\0b"]
)
def test_a_name_of_no_encoding_is_refused_in_a_sentence(name):
    with pytest.raises(ConfigError, match=r"There is no encoding .*: write utf-8, utf-16, cp1258"):
        Reading(encoding=name)


@pytest.mark.parametrize(
    ("name", "key"),
    [("UTF8", "utf-8"), ("utf-8-sig", "utf-8"), ("latin1", "iso8859-1"), ("ms932", "cp932"), ("ABC", "tcvn3")],
)
def test_an_encoding_has_one_name_in_a_reading(name, key):
    assert Reading(encoding=name).encoding == key


def test_nuls_are_left_out_and_counted():
    """E12: padding, before or behind, is no text."""
    data = b"phone,name\n0987654321\0\0\0,An\0\n" + b"\0" * 5000
    source = open_source(io.BytesIO(data))
    assert "UTF-8, certain, 5,004 NULs left out" in source.description
    assert cells(source) == [("0987654321", "An")]


def test_a_stream_is_judged_by_its_beginning():
    judgement = told(b"phone\n" + b"0987654321\n" * 30_000)
    assert (judgement.encoding.name, judgement.certainty) == ("UTF-8", "likely")
