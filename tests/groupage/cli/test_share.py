"""``groupage share``: gain sharing alone, on a table of coalition costs."""

import json

import pytest
import typer
from typer.testing import CliRunner

from groupage.cli.share import share

GAME = {"players": ["a", "b"], "costs": {"a": 10, "b": 12, "a,b": 17}}
THREE = {
    "players": ["north", "south", "[red]x[/red]"],
    "costs": dict(
        zip(
            ["north", "south", "north,south", "[red]x[/red]", "[red]x[/red],north", "[red]x[/red],south"],
            [10, 12, 17, 20, 24, 30],
            strict=True,
        )
    )
    | {"north,south,[red]x[/red]": 35},
}


@pytest.fixture
def run(tmp_path):
    """Run the command on a game."""
    app = typer.Typer()
    app.command()(share)

    def with_game(game, *args):
        path = tmp_path / "game.json"
        path.write_text(game if isinstance(game, str) else json.dumps(game), encoding="utf-8")
        return CliRunner().invoke(app, [str(path), *args])

    return with_game


def test_json(run):
    """One object for machines, with every figure that the reference names."""
    result = run(GAME, "--rule", "shapley", "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout) == {
        "rule": "shapley",
        "total_eur": 17.0,
        "shares_eur": {"a": 7.5, "b": 9.5},
        "standalone_eur": {"a": 10.0, "b": 12.0},
        "individually_rational": True,
        "in_core": True,
        "largest_violation_eur": 0.0,
        "violating_coalition": None,
        "jain_index": pytest.approx((0.25 + 2.5 / 12) ** 2 / (2 * (0.25**2 + (2.5 / 12) ** 2)), abs=1e-9),
        "note": None,
    }


def test_never_clips(run):
    """Shares by weight may leave somebody worse off: shown as they are, with who loses and who would leave."""
    result = run({**GAME, "weights": {"a": 4, "b": 1}}, "--param", "to=weights", "--json")
    figures = json.loads(result.stdout)
    assert figures["shares_eur"] == {"a": 13.6, "b": 3.4}
    assert figures["individually_rational"] is False
    assert figures["violating_coalition"] == ["a"]
    assert figures["largest_violation_eur"] == 3.6


def test_words(run):
    """For people: a table, then who is content in plain words; names are shown as they are, not as markup."""
    result = run(THREE, "--rule", "nucleolus")
    assert result.exit_code == 0
    assert "[red]x[/red]" in result.stdout
    assert "16.7" in result.stdout
    words = " ".join(result.stdout.split())
    assert "Nobody pays more than alone." in words
    assert "No group would pay less on its own: the shares are stable (in the core)." in words


def test_words_for_the_unstable(run):
    """Losers are named with what they lose, and the most tempted group with what it would save."""
    game = {**THREE, "weights": {"north": 1, "south": 1, "[red]x[/red]": 0.5}}
    words = " ".join(run(game, "--param", "to=weights").stdout.split())
    assert "Paying more than alone: north (4.00 EUR), south (2.00 EUR)." in words
    assert "Most tempted to leave: north and south together would pay 11.00 EUR less on their own" in words
    assert "not stable" in words


def test_says_where_the_rule_fell_back(run):
    """Where no split keeps everybody from losing, the nucleolus says what it gave in its place."""
    game = {"players": ["a", "b"], "costs": {"a": 10, "b": 12, "a,b": 30}}
    assert "prenucleolus" in json.loads(run(game, "--rule", "nucleolus", "--json").stdout)["note"]
    assert "prenucleolus" in run(game, "--rule", "nucleolus").stdout


def test_free_game(run):
    """A game that costs nothing is shown without dividing by zero."""
    result = run({"players": ["a", "b"], "costs": {"a": 0, "b": 0, "a,b": 0}}, "--rule", "nucleolus")
    assert result.exit_code == 0
    assert "0.00" in result.stdout


@pytest.mark.parametrize(
    ("game", "args", "words"),
    [
        ({"players": ["a", "b"], "costs": {"a": -1, "b": 1}}, [], ['costs "a" is -1', 'costs "a,b" is missing']),
        ("{", [], ["game.json line 1 column 2"]),
        (GAME, ["--rule", "shaply"], ["shaply", "nucleolus, per_capita_nucleolus, proportional, shapley"]),
        (GAME, ["--param", "too=weights"], ["too"]),
        (GAME, ["--param", "to=value"], ["'value', expected one of standalone, weights, volume, tonne_km"]),
        (GAME, ["--param", "to"], ["--param is 'to', expected KEY=VALUE"]),
        (GAME, ["--param", "to=weights"], ["the game has no weights"]),
    ],
)
@pytest.mark.parametrize("json_output", [[], ["--json"]])
def test_bad_input(run, game, args, words, json_output):
    """Exit code 2, every problem on standard error, nothing on standard output, with --json too."""
    result = run(game, *args, *json_output)
    assert result.exit_code == 2
    assert result.stdout == ""
    for word in words:
        assert word in result.stderr
