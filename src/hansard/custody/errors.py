"""Refusals of custody; each function's name is its code."""

from __future__ import annotations

from hansard.kernel.errors import HansardError, did_you_mean


def nothing_to_verify() -> HansardError:
    """A call of verify names nothing, or two things at once."""
    return HansardError(
        "invalid",
        "nothing_to_verify",
        "verify takes one of two: a dialogue or file in 'target', or 'all'; or heads alone",
        field="target",
        constraint="shape",
        suggestion="Give the id of a dialogue, the path of an export, all: true, or a head that was noted earlier",
    )


def head_malformed(text: str) -> HansardError:
    """What should be a head that somebody noted is none."""
    return HansardError(
        "invalid",
        "head_malformed",
        f"'{text}' is no head",
        field="heads",
        value=text,
        constraint="shape",
        suggestion="Give it as STREAM:NUMBER:HASH, as 'hansard verify' prints it",
    )


def no_head_found(name: str) -> HansardError:
    """A file that should tell where a stream stood tells of none."""
    return HansardError(
        "invalid",
        "no_head_found",
        f"'{name}' states no head of a stream",
        field="against",
        value=name,
        constraint="shape",
        suggestion="Give an export with its journal, minutes, a report, or what 'hansard verify' printed",
    )


def proves_nothing_alone(name: str, dialogue_id: str | None) -> HansardError:
    """Minutes, a report or an export for other programs: it carries no journal that its words could be held against."""
    meant = "ID" if dialogue_id is None else dialogue_id
    return HansardError(
        "invalid",
        "proves_nothing_alone",
        f"'{name}' carries no journal and proves nothing alone",
        field="target",
        value=name,
        constraint="shape",
        suggestion=f"'hansard verify {meant} --against {name}' compares the head that it states with the store; "
        "'hansard export' and 'hansard bundle' write files that prove themselves",
    )


def folder_to_verify(name: str) -> HansardError:
    """What verify was given is a folder."""
    return HansardError(
        "invalid",
        "folder_to_verify",
        f"'{name}' is a folder; verify takes a dialogue's id or an exported file",
        field="target",
        value=name,
        constraint="shape",
        suggestion="Give the file inside it, such as dialogue.json; '--all' verifies the whole store",
    )


def key_exists(name: str) -> HansardError:
    """A key of this name is there already; none is ever written over."""
    return HansardError(
        "conflict",
        "key_exists",
        f"there is a key '{name}' already; nothing was written over it",
        field="name",
        value=name,
        suggestion="Give another name, or move the file away if the key is no longer needed",
    )


def key_name_malformed(name: str) -> HansardError:
    """What should name a key cannot."""
    return HansardError(
        "invalid",
        "key_name_malformed",
        f"'{name[:80]}' cannot name a key",
        field="name",
        value=name,
        constraint="shape",
        suggestion="Use lower-case letters, digits and '-', a letter first, at most 32",
    )


def key_not_found(name: str, known: list[str]) -> HansardError:
    """No key has this name or id."""
    return HansardError(
        "not_found",
        "key_not_found",
        f"there is no key '{name[:80]}' here",
        field="key",
        value=name,
        valid_options=known,
        suggestion=did_you_mean(name, known) or "'hansard keys list' shows the keys of this home",
    )


def key_ambiguous(names: list[str]) -> HansardError:
    """Several keys could sign, and none was named."""
    return HansardError(
        "invalid",
        "key_ambiguous",
        "this home has several keys; say which one is to sign",
        field="key",
        constraint="semantic",
        valid_options=names,
        suggestion=f"Name one, such as '{names[0]}'",
    )


def no_signing_key() -> HansardError:
    """There is no key to sign with."""
    return HansardError(
        "not_found",
        "no_signing_key",
        "this home has no key to sign with",
        field="key",
        suggestion="Make one with 'hansard keys create', and give its public half to those who shall verify",
    )


def key_unreadable(name: str, why: str) -> HansardError:
    """A file that should hold a key holds none that can be used."""
    return HansardError(
        "invalid",
        "key_unreadable",
        f"'{name}' cannot be used as a key: {why}",
        field="key",
        value=name,
        constraint="shape",
        suggestion="Give an Ed25519 key in PEM form, such as 'hansard keys export' writes",
    )


def key_private(name: str) -> HansardError:
    """A private half was handed over where the public half is asked for."""
    return HansardError(
        "refused",
        "key_private",
        f"'{name}' holds a private key: whoever has it can sign in its owner's name",
        field="key",
        value=name,
        suggestion="Ask for the public half alone ('hansard keys export NAME'). If the file was passed around, its "
        "owner should make a new key",
    )


def key_exposed(name: str) -> HansardError:
    """Others may read the file of a private key: whoever did can sign in its name."""
    return HansardError(
        "refused",
        "key_exposed",
        f"the file of the key '{name}' may be read by others; it is not used",
        field="key",
        value=name,
        suggestion=f"Where nobody else can have read it: chmod 600 keys/{name}.pem. Otherwise make a new key",
    )


def passphrase_missing(name: str) -> HansardError:
    """A passphrase is needed and nobody can be asked for it."""
    return HansardError(
        "refused",
        "passphrase_missing",
        f"the key '{name}' needs a passphrase, and none was given",
        field="key",
        value=name,
        suggestion="Run the command on a terminal, or set HANSARD_KEY_PASSPHRASE in the environment",
    )


def passphrase_wrong(name: str) -> HansardError:
    """The passphrase does not open the key."""
    return HansardError(
        "refused",
        "passphrase_wrong",
        f"the passphrase does not open '{name}'",
        field="key",
        value=name,
        suggestion="Give the passphrase that the key was made with",
    )


def nothing_to_sign() -> HansardError:
    """A checkpoint of a store in which nothing was recorded."""
    return HansardError(
        "conflict",
        "nothing_to_sign",
        "the store holds no entry yet",
        suggestion="Record something first; a checkpoint states where each stream stands",
    )


def store_not_signable() -> HansardError:
    """The store's own tables disagree on where its streams stand; a signature would vouch for that."""
    return HansardError(
        "corrupt",
        "store_not_signable",
        "where the streams stand is told in two ways here; nothing was signed",
        suggestion="Run 'hansard verify --all' to learn what was altered, and restore the last good copy",
    )


def no_checkpoint() -> HansardError:
    """The store has no checkpoint yet."""
    return HansardError(
        "not_found",
        "no_checkpoint",
        "this store has no checkpoint yet",
        suggestion="'hansard keys create' makes a key, 'hansard checkpoint create' signs",
    )


def checkpoint_not_found(number: int, newest: int) -> HansardError:
    """No checkpoint has this number."""
    return HansardError(
        "not_found",
        "checkpoint_not_found",
        f"there is no checkpoint {number}; the newest is {newest}",
        field="number",
        value=number,
        suggestion="'hansard checkpoint list' shows them all",
    )


def checkpoint_unreadable(name: str) -> HansardError:
    """A file that should hold a checkpoint holds none."""
    return HansardError(
        "invalid",
        "checkpoint_unreadable",
        f"'{name}' holds no checkpoint, or not as it was written",
        field="checkpoint",
        value=name,
        constraint="shape",
        suggestion="Give a file that 'hansard checkpoint show --output' or 'hansard bundle' wrote",
    )


def checkpoint_before_record(dialogue_id: str) -> HansardError:
    """The newest checkpoint was made before the dialogue began: nothing of it is signed."""
    return HansardError(
        "conflict",
        "checkpoint_before_record",
        f"the newest checkpoint is older than the dialogue '{dialogue_id}'",
        field="dialogue_id",
        value=dialogue_id,
        suggestion="'hansard checkpoint create' signs the store as it stands; or 'hansard bundle --sign'",
    )


def record_not_provable(dialogue_id: str) -> HansardError:
    """What would be given away is not as it was recorded: no proof is made of it."""
    return HansardError(
        "corrupt",
        "record_not_provable",
        f"'{dialogue_id}' is not as it was recorded, or its newest checkpoint does not hold; no bundle was made",
        field="dialogue_id",
        value=dialogue_id,
        suggestion=f"'hansard verify {dialogue_id}' and 'hansard checkpoint verify' tell what differs",
    )


def nothing_to_erase() -> HansardError:
    """A request to erase names nothing, or some items and the whole at once."""
    return HansardError(
        "invalid",
        "nothing_to_erase",
        "erasing takes one of two: items, or the whole dialogue",
        field="items",
        constraint="shape",
        suggestion="Name what is to go, such as 'round-1/muffin' or 'P0101'; or whole: true",
    )


def item_unknown(field: str, item: str, known: list[str]) -> HansardError:
    """An item to be erased that the dialogue has not."""
    return HansardError(
        "not_found",
        "item_unknown",
        f"the dialogue has no '{item[:80]}'",
        field=field,
        value=item,
        valid_options=known[:50],
        # an id that is nearly another's is another statement: none is suggested, lest the wrong words are erased
        suggestion=did_you_mean(item, [name for name in known if not any(map(str.isdigit, name))])
        or "Name a response (round-1/muffin), a round (round-1), an entity (P0101), verdict:ID, question, X0001",
    )


def erased_already(dialogue_id: str) -> HansardError:
    """There are no words left in what is to be erased."""
    return HansardError(
        "conflict",
        "erased_already",
        f"no words are left in what is to be erased from '{dialogue_id}'",
        field="items",
        suggestion="'hansard verify' tells which entry erased it, and why",
    )


def reason_repeats_words() -> HansardError:
    """The reason would put the words that are to go into the journal for good."""
    return HansardError(
        "invalid",
        "reason_repeats_words",
        "the reason repeats words that are to be erased, and it stays in the journal for good",
        field="reason",
        constraint="semantic",
        suggestion="Give the reason in other words, such as 'personal data, request of 2027-03-01'",
    )


def store_not_there(name: str) -> HansardError:
    """A folder that was to be copied holds no store."""
    return HansardError(
        "not_found",
        "store_not_there",
        f"'{name}' holds no store",
        field="path",
        value=name,
        suggestion="Give the folder that 'hansard backup' wrote, the one that holds hansard.db. A home with a memory "
        "alone has no backup before its first dialogue: copy its folder while nobody appends",
    )


def folder_not_empty(name: str, held: list[str]) -> HansardError:
    """A store was to be copied into a folder in which something stands."""
    return HansardError(
        "conflict",
        "folder_not_empty",
        f"'{name}' is not empty: it holds {', '.join(map(repr, held[:5]))}{' …' if len(held) > 5 else ''}",
        field="path",
        value=name,
        context={"held": held[:50]},
        suggestion="'.hansard-unfinished' is of a copy that goes on, or was cut off: where none goes on, remove it"
        if ".hansard-unfinished" in held
        else "Name an empty folder, or one that is not there yet: nothing is copied over what stands",
    )


def backup_is_link(name: str) -> HansardError:
    """What should be a copied store leads to another file, which is no part of the backup."""
    return HansardError(
        "invalid",
        "backup_is_link",
        f"the store in '{name}' is a link, and no part of this backup",
        field="path",
        value=name,
        suggestion="Name the folder that 'hansard backup' wrote",
    )


def backup_inside_home(name: str) -> HansardError:
    """A backup was to be written into the home that it is of."""
    return HansardError(
        "invalid",
        "backup_inside_home",
        f"'{name}' lies in the home itself: what takes the one would take the other",
        field="path",
        value=name,
        constraint="semantic",
        suggestion="Name a folder outside the home, best on another disk",
    )


def restored_by_server() -> HansardError:
    """A backup of a file was to be put where a database server keeps the store."""
    return HansardError(
        "refused",
        "restored_by_server",
        "the settings name a database server; a backup of a file is restored into a home's own file",
        suggestion="Leave database_url out for a home of its own (--home DIR); or bring records over with 'hansard "
        "export' and 'hansard import'; pg_restore brings back what pg_dump copied",
    )


def copy_not_verified(findings: int) -> HansardError:
    """A copy is not as it was recorded; it was thrown away, since a copy is there to be relied on."""
    return HansardError(
        "corrupt",
        "copy_not_verified",
        f"the copy is not as it was recorded ({findings} finding{'s' if findings > 1 else ''}); it was not kept",
        suggestion="Run 'hansard verify --all' on what was copied, and keep it as it is: it is the only evidence",
    )
