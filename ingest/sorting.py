"""Which tags are themes, and which say something else: that a title is an adaptation, how it was made, who owns it."""

from __future__ import annotations

import re

from ingest.text import fold

#: Tags (folded) that say that a work is an adaptation, or that a book was adapted; facts of ``adaptation_hint``.
#: "Based on a true story" is not among them: there is no work behind it.
GIVES_AWAY = re.compile(
    r"""
    \b(?:based|inspired|adapted)\s(?:up)?(?:on|by|from)\b
      (?!.*\b(?:true|real|supposedly\strue|actual|interviews?|toys?|myths?|folklore|celebrity)\b)
    | \badapt(?:ed|ation|ations|ion)\b
    | \bremake\b
    | ^(?:comic\sbooks?|graphic\snovels?|dc\scomics|dc\suniverse|marvel\scomics?|marvel|dark\shorse\scomics
        |image\scomics|manga|light\snovel|webtoon)$
    """,
    re.VERBOSE,
)

#: Shelves (folded) that say that a book was filmed.
FILMED = re.compile(
    r"""
    \badapt(?:ed|ation|ations|ion)\b
    | \b(?:books?|novels?|story|stories|read|seen|saw|watched)\b
      .*\b(?:movies?|films?|filmed|tv|television|screen|hbo|bbc)\b
    | \b(?:movies?|films?|tv|television|screen|hbo|bbc)\b.*\b(?:books?|novels?|read|tie\sins?|novelizations?|based)\b
    | \b(?:media|movie|film|tv)\stie\sins?\b
    | \b(?:made|turned|now)\s(?:in)?to\s(?:a\s)?(?:movies?|films?)\b
    | ^(?:the\s)?(?:movies?|films?|filmed)$
    """,
    re.VERBOSE,
)

#: Keywords and user tags (folded) that are notes on how a film was made, sold or kept, not on what it tells.
PRODUCTION_NOTES = re.compile(
    r"""
    ^(?:independent\sfilms?|woman\sdirector|women\sdirectors|female\sdirector|(?:during|after)\s?credits?\s?stinger
        |stinger
    |post\scredits?\sscene|directorial\sdebut|debut\sfilm|student\sfilm|tv\smovie|television\smovie|tv\spilot
        |mini\s?series
    |short|short\sfilms?|silent(?:\sfilms?)?|3\s?d|imax|black\sand\swhite|colou?r|technicolor|cinemascope|b\smovie
        |cult\sfilms?
    |low\sbudget|big\sbudget|box\soffice\sflop|sequel|prequel|reboot|spin\soff|part\sof\s(?:a\s)?(?:trilogy|series)
        |trilogy
    |anthology\sfilm|omnibus\sfilm|feature\sfilm|lost\sfilm|public\sdomain|foreign(?:\slanguage)?(?:\sfilms?)?
    |direct\sto\s(?:video|dvd)|straight\sto\svideo|pre\scode|nc\s17|rated\sr|video\snasty|long\stake
        |title\sspoken\sby\scharacter
    |shot\son\s.*|filmed\son\slocation|made\sfor\stv|netflix(?:\soriginal)?|reference\sto\sfacebook
    |academy\saward.*|oscar(?!\swilde).*|golden\sglobe.*|palme\sd\s?or|imdb\stop\s250|.*\b(?:netflix\squeue|dvds?
        |blu\s?ray|betamax|criterion)\b.*
    |to\ssee|seen(?:\s.*)?|owned|rewatch|watched(?:\s.*)?|favou?rites?|cant\sremember|need\sto\s(?:see|own))$
    """,
    re.VERBOSE,
)

#: Shelves (folded) that tell of the reader, the copy or the format, not of the book.
NOT_THEMES = re.compile(
    r"""
    \b(?:to\s(?:re\s)?(?:reads?|buy|get|finish|own)|tbr|own|owned|favou?rites?|faves?|favs?|favoritos|wish\s?list
        |(?:need|want)\sto|bought|purchased|borrowed|lent
        |kindle|nook|e\s?books?|epub|audio\s?books?|audible|paperbacks?|hard\s?(?:cover|back)s?|librar(?:y|ies)
        |book\s?(?:shelf|shelves|case|group)s?
        |book\s?clubs?|shelfari|shelf|challenges?|read(?!\saloud)|reads|re\s?reads?|reading|rory\sgilmore|netgalley
        |giveaways?|releases?|finish(?:ed)?
        |listened|stopped|unread|scanned|my|mine|i\shave|i\sown|recommend(?:ed|ations?)?)\b
    | ^(?:default|audio|cds?|pdf|dnf|unfinished|abandoned|gave\sup.*|on\shold|paused|maybe|someday|soon|next
        |currently.*|reviewed|reviews?|all\stime.*
        |\d\sstars?|top\s\d+.*|1001.*|100\s.*|modern\slibrary.*|for\sschool|for\sthe\skids|school\sbooks?|class
        |classroom|assigned|arcs?|first\sreads|signed
        |series(?:\sto.*)?|first\sin.*|1st\sin.*|part\sof.*|completed\sseries|stand\s?alones?|made\sme\scry
        |book\sboyfriends?|box\s?set|collection|general|misc|other
        |unknown|books?|books\si\s.*|books\sfrom.*|.*\bbooks|novels?|fiction|general\sfiction|fiction\sgeneral
        |english|in\senglish|in\stranslation|translated|adult|literature|lit
        |storage|home|attic|box|gifts?|free|new|old|have|had|want|meh|lol|hot|fun|and|sub|loved(?:\sit)?|hated?
        |cover\slove|calibre|overdrive|lost\sinterest
        |beautiful\scovers|guilty\spleasures?|oprah.*|our\sshared\sshelf|bbc.*|time\s100|character|development|work
        |na|bd|poc)$
    | \b(?:19|20)\d\d\b | ^\d+$ | ^$
    """,
    re.VERBOSE,
)
_KINDS_OF_BOOKS = re.compile(
    r"^(?:childrens?|kids?|cook|comic|picture|chapter|banned|vampire|ya|christian|business|young\sadult|teen)"
    r"\s?(?:s\s)?(?:picture\s)?books$"
)


def gives_away(label: str) -> bool:
    """Whether a tag, keyword, genre or shelf says that something is, or has become, an adaptation.

    >>> gives_away("based on novel"), gives_away("Movies Based on Books"), gives_away("based on true story")
    (True, True, False)
    """
    return GIVES_AWAY.search(fold(label)) is not None


def is_production_note(label: str) -> bool:
    """Whether a keyword or user tag is a note on production, release or possession.

    >>> is_production_note("duringcreditsstinger"), is_production_note("heist")
    (True, False)
    """
    return PRODUCTION_NOTES.match(fold(label)) is not None


def is_theme(label: str) -> bool:
    """Whether a shelf says what a book is about: neither of its reader nor of the film made of it.

    >>> is_theme("to-read"), is_theme("read-in-2015"), is_theme("magical-realism"), is_theme("movie-tie-in")
    (False, False, True, False)
    """
    shelf = fold(label)
    return _KINDS_OF_BOOKS.search(shelf) is not None or (
        NOT_THEMES.search(shelf) is None and FILMED.search(shelf) is None
    )
