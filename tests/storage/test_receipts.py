"""What has arrived is known to whoever opens the database next, whatever else lies there."""

from pathlib import Path

from storage.receipts import Receipt, Receipts


def test_receipts_are_there_for_the_next_process_until_they_are_removed(tmp_path: Path) -> None:
    first, second = Receipt(7, -100_200, 31), Receipt(8, 2**40, 5)
    receipts = Receipts(tmp_path / "bot.db")
    assert receipts.read() == []
    for receipt in (first, second):
        receipts.add(receipt)
    again = Receipts(tmp_path / "bot.db")
    assert set(again.read()) == {first, second}
    for _ in range(2):
        again.remove(first)
    assert receipts.read() == [second]
    assert Receipts(tmp_path / "other.db").read() == []


def test_nobody_else_may_look_at_them_and_what_is_none_is_left_alone(tmp_path: Path) -> None:
    receipts = Receipts(tmp_path / "bot.db")
    receipts.add(Receipt(7, 1, 2))
    (folder,) = tmp_path.iterdir()
    assert folder.stat().st_mode & 0o777 == 0o700
    (folder / "7_1_2.txt").touch()
    (folder / ".7_1_3").touch()
    assert receipts.read() == [Receipt(7, 1, 2)]


def test_where_none_can_be_written_nothing_fails(tmp_path: Path) -> None:
    (tmp_path / "bot.db-receipts").touch()  # a file in the folder's place
    for receipts in (
        Receipts(tmp_path / "bot.db"),
        Receipts(None),
        Receipts(tmp_path / "no/bot.db"),
    ):
        receipts.add(Receipt(7, 1, 2))
        receipts.remove(Receipt(7, 1, 2))
        assert receipts.read() == []
