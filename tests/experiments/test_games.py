"""Reading a table of coalition costs."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.sharing.game import CoalitionGame
from experiments.games import read_game
from groupage.errors import InputError

GOOD = {"players": ["a", "b"], "costs": {"a": 10, "b": 12, "a,b": 17}}


def write(folder, content):
    """Write a game file; text as it is, anything else as JSON."""
    path = folder / "game.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def messages(folder, content):
    """All problems of a game file, one a line."""
    with pytest.raises(InputError) as caught:
        read_game(write(folder, content))
    return str(caught.value).splitlines()


def test_reads(tmp_path):
    """Costs go to the coalition they name, weights to the player; the players keep the order of the file."""
    game = read_game(write(tmp_path, {**GOOD, "players": ["b", "a"], "weights": {"a": 3, "b": 5.5}}))
    assert game.players == ("b", "a")
    assert game.costs.tolist() == [0, 12, 10, 17]
    assert game.weights is not None
    assert game.weights.tolist() == [5.5, 3]
    assert read_game(write(tmp_path, GOOD)).weights is None


@given(data=st.data())
def test_any_order_of_keys_and_names(data, tmp_path_factory):
    """A coalition may be spelled in any order, with spaces around the commas, anywhere in the table."""
    players = ["Fabrik Süd", "b", "c"]
    costs = {}
    for mask in data.draw(st.permutations(range(1, 8))):
        members = data.draw(st.permutations([p for i, p in enumerate(players) if mask >> i & 1]))
        costs[data.draw(st.sampled_from([",", ", ", " , "])).join(members)] = mask
    game = read_game(write(tmp_path_factory.mktemp("games"), {"players": players, "costs": costs}))
    assert game.costs.tolist() == list(range(8))


def test_byte_order_mark(tmp_path):
    """A byte order mark, as some editors write it, is no error."""
    path = tmp_path / "game.json"
    path.write_text(json.dumps(GOOD), encoding="utf-8-sig")
    assert isinstance(read_game(path), CoalitionGame)


def test_all_problems_at_once(tmp_path):
    """Every problem of a file is reported, in one go."""
    lines = messages(
        tmp_path,
        '{"unit": "EUR", "players": ["a", "b"], "costs": {"a": -1, "b": NaN, "b,q": 3, "a,a": 2},'
        '"weights": {"a": "x"}}',
    )
    assert lines == [
        "game.json: key 'unit', expected only players, costs, weights",
    ] + [
        f"game.json: {rest}"
        for rest in (
            'costs "a" is -1, expected a number from 0 to 1e12',
            'costs "b" is nan, expected a number from 0 to 1e12',
            "costs \"b,q\" is for player 'q', expected players of the list, separated by commas",
            'costs "a,a" is naming a player twice, expected each player once',
            'costs "a,b" is missing, expected a number from 0 to 1e12',
            'weights "a" is "x", expected a number from 0 to 1e12',
            'weights "b" is missing, expected a number from 0 to 1e12',
        )
    ]


@pytest.mark.parametrize(
    "figure", ["-0.01", "NaN", "Infinity", "-Infinity", "1e999", "9" * 5000, '"10"', "true", "null"]
)
def test_refuses_what_is_no_cost(tmp_path, figure):
    """A cost is a finite number that is not negative, and nothing that merely looks like one."""
    (line,) = messages(tmp_path, '{"players": ["a"], "costs": {"a": %s}}' % figure)  # noqa: UP031
    assert line.startswith('game.json: costs "a" is ')
    assert line.endswith("expected a number from 0 to 1e12")


@pytest.mark.parametrize(
    ("players", "words"),
    [
        (["a", "a"], 'player 2 is "a", expected each player once'),
        (["a,b"], 'player 1 is "a,b", expected a name without commas'),
        ([" a"], 'player 1 is " a", expected a name without commas, line breaks or spaces around it'),
        (["a\nb"], "expected a name without commas, line breaks"),
        ([""], 'player 1 is "", expected a name'),
        ([7], "player 1 is 7, expected a name"),
        ([], "players is an empty list, expected a list of names"),
        ("ab", 'players is "ab", expected a list of names'),
        (None, "players is missing or null"),
        ([f"p{i}" for i in range(25)], "players is a list of 25, expected at most 24 players"),
    ],
)
def test_refuses_players(tmp_path, players, words):
    """Players are a list of distinct names that can stand in a coalition's key."""
    assert any(words in line for line in messages(tmp_path, {"players": players, "costs": {}}))


@pytest.mark.parametrize(
    ("costs", "words"),
    [
        ({"a": 1, "b": 1}, 'costs "a,b" is missing'),
        ({**GOOD["costs"], "b,a": 17}, 'costs "b,a" is the same coalition as "a,b"'),
        ({**GOOD["costs"], "": 0}, "costs \"\" is for player ''"),
        ({**GOOD["costs"], "a,b,": 0}, "costs \"a,b,\" is for player ''"),
        ([], "costs is an empty list, expected an object"),
        (None, "costs is missing or null"),
    ],
)
def test_refuses_costs(tmp_path, costs, words):
    """Costs are an object with one entry per coalition of known players."""
    assert any(words in line for line in messages(tmp_path, {"players": ["a", "b"], "costs": costs}))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"players": ["a"], "costs": {"a": 1, "a": 2}}', 'costs "a" is the same coalition as "a"'),
        ('{"players": ["a"], "players": ["b"], "costs": {"a": 1}}', "players is there twice"),
        ('{"players": ["a"], "costs": {"a": 1}, "weights": {"a": 1, "a": 2}}', 'weights "a" is there twice'),
        ('{"players": ["a"], "costs": {"a": 1}, "weights": {"a": 1, "q": 2}}', 'weights "q" is for an unknown player'),
        ('{"players": ["a"], "costs": {"a": 1}, "weights": [1]}', "weights is a list, expected an object"),
        ('{"players": ["a",\n "b",]}', "game.json line 2 column"),
        ("", "game.json line 1 column 1"),
        ("[" * 100_000, "nested too deeply"),
        ("[]", "game.json: an empty list, expected an object with players and costs"),
    ],
)
def test_refuses_texts(tmp_path, text, words):
    """What JSON readers let pass silently, or stumble over, is said with its place."""
    assert any(words in line for line in messages(tmp_path, text))


def test_many_missing_coalitions(tmp_path):
    """Of very many missing coalitions some are named and the rest counted, quickly."""
    lines = messages(tmp_path, {"players": [f"p{i}" for i in range(24)], "costs": {"p0": 1}})
    assert len(lines) == 21
    assert lines[0] == 'game.json: costs "p1" is missing, expected a number from 0 to 1e12'
    assert lines[-1] == f"game.json: costs is missing {2**24 - 2 - 20:,} more, expected a cost for every coalition"


def test_no_file(tmp_path):
    """A file that is not there, is a folder or is no text is said so."""
    for path, words in ((tmp_path / "none.json", "No such file"), (tmp_path, "Is a directory")):
        with pytest.raises(InputError, match=words):
            read_game(path)
    binary = tmp_path / "game.json"
    binary.write_bytes(b'{"players": ["\xff"]}')
    with pytest.raises(InputError, match="byte 15 is not UTF-8"):
        read_game(binary)
