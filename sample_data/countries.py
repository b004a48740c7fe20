"""The countries of the sample world: names, towns with postal codes, valid mobile numbers, VAT."""

from __future__ import annotations

from typing import NamedTuple


class Country(NamedTuple):
    """In a postal code `#` is a digit, `@` a letter; `mobile` is (prefix, further digits) without trunk 0."""

    code: str
    locale: str
    share: int
    vat_percent: int
    dial: str
    trunk: str
    mobile: tuple[tuple[str, int], ...]
    street: str
    first_names: tuple[str, ...]
    common_last_names: tuple[str, ...]
    rarer_last_names: tuple[str, ...]
    streets: tuple[str, ...]
    towns: tuple[tuple[str, str], ...]


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(","))


def _surnames(beginnings: str, endings: str) -> tuple[str, ...]:
    return tuple(first + last for first in _words(beginnings) for last in _words(endings))


def _towns(text: str) -> tuple[tuple[str, str], ...]:
    pairs = (town.split(":") for town in _words(text))
    return tuple((name, code) for name, code in pairs)


NUMBER_LAST, NUMBER_FIRST = "{street} {number}", "{number} {street}"

# fmt: off
COUNTRIES: tuple[Country, ...] = (
    Country(
        "DE", "de-DE", 34, 19, "49", "0", (("151", 8), ("160", 7), ("171", 7), ("175", 7)), NUMBER_LAST,
        _words(
            "Anna, Jürgen, Lena, Björn, Sophie, Käthe, Max, Jörg, Mia, Paul, Zeynep, Günter, Emma, Felix, Leon, "
            "Marie, Jonas, Laura, Tim, Hannah, Katharina, Sebastian, Johannes, Ursula, Werner, Petra, Stefan, "
            "Claudia, Moritz, Frieda"
        ),
        _words(
            "Müller, Schmidt, Groß, Fischer, Schäfer, Weiß, Yılmaz, Köhler, Wagner, Becker, von Ahn, Hoffmann, "
            "Koch, Richter, Klein, Wolf, Neumann, Schwarz, Zimmermann, Braun, Krüger, Hartmann, Lange, Werner, "
            "Krause, Lehmann, Maier, Schulze, König, Jung, Roth"
        ),
        _surnames(
            "Berg, Stein, Linden, Eichen, Wald, Hof, Brunn, Kirch, Feld, Reh",
            "mann, ner, bauer, meier, haus, bach",
        ),
        _words("Hauptstraße, Goethestraße, Am Bühl, Lindenweg, Schloßallee, Bahnhofstraße, Rosenweg"),
        _towns("Berlin:10###, München:80###, Köln:50###, Hamburg:20###, Düsseldorf:40###, Dresden:01###"),
    ),
    Country(
        "FR", "fr-FR", 16, 20, "33", "0", (("61", 7), ("62", 7), ("66", 7)), NUMBER_FIRST,
        _words(
            "Chloé, François, Léa, Jérôme, Zoé, Hélène, Louis, Benoît, Inès, Théo, Maëlle, Hugo, Camille, Lucas, "
            "Manon, Nathan, Sarah, Antoine, Juliette, Pierre, Mathilde, Guillaume, Élodie, Thomas, Océane, "
            "Sébastien, Marguerite"
        ),
        _words(
            "Martin, Lefèvre, Dubois, Gauthier, N'Diaye, Bénard, Moreau, Françoise, Leroy, D'Angelo, Bernard, "
            "Petit, Durand, Robert, Richard, Simon, Laurent, Garcia, Roux, Fournier, Girard, Mercier, Dupont, "
            "Lambert, Faure"
        ),
        _surnames(
            "Beau, Mont, Roche, Ville, Bois, Font, Champ, Haut, Belle, Mar",
            "champ, fort, tier, cour, bert, neuve",
        ),
        _words("rue de la Paix, avenue Émile Zola, boulevard Voltaire, rue des Écoles, place du Marché"),
        _towns("Paris:750##, Lyon:690##, Marseille:130##, Saint-Étienne:420##, Nîmes:300##"),
    ),
    Country(
        "GB", "en-GB", 12, 20, "44", "0", (("74", 8), ("75", 8)), NUMBER_FIRST,
        _words(
            "Oliver, Amelia, George, Isla, Harry, Siân, Jack, Poppy, Zoë, Mohammed, Grace, Callum, Emily, "
            "William, Charlotte, James, Sophie, Thomas, Jessica, Daniel, Katherine, Benjamin, Elizabeth, Robert, "
            "Alfie, Niamh, Rhys"
        ),
        _words(
            "Smith, Jones, O'Connor, Patel, Taylor, Brontë, Evans, Khan, Wright, Fitz-Gerald, Williams, Brown, "
            "Davies, Wilson, Thomas, Roberts, Walker, Wood, Hall, Hughes, Green, Clarke, Begum, MacLeod, Singh"
        ),
        _surnames(
            "Ash, Brad, Hart, Wood, Lang, Thorn, Stan, Wal, Whit, Ed",
            "ley, ton, field, worth, ford, brook",
        ),
        _words("High Street, Station Road, Church Lane, Victoria Road, Mill Lane, King's Road"),
        _towns("London:SW1A #@@, Manchester:M1 #@@, Leeds:LS1 #@@, Edinburgh:EH1 #@@, Bristol:BS1 #@@"),
    ),
    Country(
        "US", "en-US", 8, 0, "1", "", (("2124", 6), ("4156", 6), ("3127", 6)), NUMBER_FIRST,
        _words(
            "James, Mary, José, Ashley, Tyler, Renée, Brandon, Emily, Xiomara, Ethan, Madison, Noah, Jennifer, "
            "Michael, Jessica, Christopher, Elizabeth, William, Robert, Samantha, Daniel, Isabella, Matthew, "
            "Alexander, Katherine, Tamika, Diego"
        ),
        _words(
            "Johnson, Williams, García, Brown, Nguyen, Davis, Peña, Miller, Lee, McDonald, Martinez, Wilson, "
            "Anderson, Thomas, Taylor, Moore, Jackson, Martin, Thompson, White, Lopez, Gonzalez, Harris, Clark, "
            "Robinson"
        ),
        _surnames(
            "Ander, Rob, Jack, Harri, Steph, Wat, Nel, Pat, Daw, Ben",
            "son, kins, enson, ison, erson, ley",
        ),
        _words("Main St, Oak Ave, Maple Dr, 2nd St, Washington Blvd, Park Ave"),
        _towns("New York:100##, San Francisco:941##, Chicago:606##, Austin:787##, Seattle:981##"),
    ),
    Country(
        "AT", "de-AT", 8, 20, "43", "0", (("664", 7), ("676", 7)), NUMBER_LAST,
        _words(
            "Lukas, Katharina, Florian, Jäcinta, Sebastian, Theresa, Johannes, Vroni, Matthias, Eva, Maximilian, "
            "Sophie, Valentina, Jakob, Magdalena, Christoph, Elisabeth, Michael, Barbara, Andreas, Veronika, "
            "Stefan"
        ),
        _words(
            "Gruber, Huber, Pichler, Jäger, Steiner, Moser, Böhm, Wögerbauer, Haas, Novák, Bauer, Wagner, Müller, "
            "Schmid, Hofer, Leitner, Berger, Fuchs, Eder, Fischer, Schwarz, Winkler"
        ),
        _surnames(
            "Ober, Unter, Hinter, Brand, Stein, Hoch, Nieder, Kirch",
            "huber, eder, steiner, hofer, leitner, egger",
        ),
        _words("Mariahilfer Straße, Ringstraße, Kärntner Straße, Dorfstraße, Am Graben"),
        _towns("Wien:10#0, Graz:80##, Linz:40##, Salzburg:50##, Klagenfurt am Wörthersee:90##"),
    ),
    Country(
        "CH", "de-CH", 6, 8, "41", "0", (("79", 7), ("76", 7)), NUMBER_LAST,
        _words(
            "Urs, Reto, Noémie, Chiara, Beat, Sandrine, Luca, Heidi, Jürg, Céline, Daniela, Marco, Nadine, "
            "Thomas, Sandra, Andreas, Elisabeth, Michel, Laura, Fabian, Regula, Pascal"
        ),
        _words(
            "Meier, Keller, Rochat, Bernasconi, Zürcher, Favre, Brunner, Lüthi, Bühler, Graf, Müller, Schmid, "
            "Weber, Huber, Schneider, Steiner, Fischer, Gerber, Frei, Baumann, Widmer, Moser"
        ),
        _surnames(
            "Ammann, Burg, Egg, Hofst, Zell, Wyss, Brun, Bosch",
            "enegger, hofer, etter, weger, inger, li",
        ),
        _words("Bahnhofstrasse, Seestrasse, Rue du Rhône, Dorfstrasse, Via Nassa"),
        _towns("Zürich:80##, Genève:12##, Basel:40##, Bern:30##, Lugano:69##"),
    ),
    Country(
        "NL", "nl-NL", 6, 21, "31", "0", (("61", 7), ("62", 7), ("64", 7)), NUMBER_LAST,
        _words(
            "Daan, Sanne, Sem, Fleur, Bram, Noor, Jeroen, Lotte, Thijs, Zoë, Johannes, Maria, Pieter, Anneke, "
            "Willem, Eva, Hendrik, Femke, Ruben, Iris, Maarten, Esmée"
        ),
        _words(
            "de Jong, Jansen, van den Berg, Bakker, Visser, de Boer, Mulder, Özdemir, Smit, van Dijk, Meijer, "
            "Bos, Vos, Peters, Hendriks, van Leeuwen, Dekker, Brouwer, de Wit, Dijkstra, Kok"
        ),
        _surnames(
            "Hoog, Oude, Nieuwe, Klein, Groot, Water, Ooster, Wester",
            "man, kamp, huis, stra, veld, hof",
        ),
        _words("Dorpsstraat, Kerkstraat, Molenweg, Prinsengracht, Julianalaan"),
        _towns("Amsterdam:10## @@, Rotterdam:30## @@, Utrecht:35## @@, 's-Gravenhage:25## @@"),
    ),
    Country(
        "SE", "sv-SE", 5, 25, "46", "0", (("70", 7), ("73", 7)), NUMBER_LAST,
        _words(
            "Elsa, Åke, Linnéa, Oskar, Maja, Björn, Alva, Göran, Saga, Nils, Anna, Erik, Emma, Lars, Kristina, "
            "Karl, Margareta, Anders, Elin, Johan, Astrid, Gustav"
        ),
        _words(
            "Andersson, Johansson, Sjöberg, Åström, Lindqvist, Öberg, Nyström, Ek, Berg, Karlsson, Nilsson, "
            "Eriksson, Larsson, Olsson, Persson, Svensson, Gustafsson, Pettersson, Jonsson, Hansson, Lund"
        ),
        _surnames(
            "Lind, Sjö, Ny, Hed, Dal, Norr, Sand, Ström",
            "gren, ström, qvist, lund, man, holm",
        ),
        _words("Storgatan, Drottninggatan, Björkvägen, Kungsgatan, Åsgatan"),
        _towns("Stockholm:11# ##, Göteborg:41# ##, Malmö:21# ##, Umeå:90# ##"),
    ),
    Country(
        "PL", "pl-PL", 5, 23, "48", "", (("50", 7), ("60", 7)), NUMBER_LAST,
        _words(
            "Zofia, Łukasz, Agnieszka, Paweł, Małgorzata, Michał, Kasia, Stanisław, Żaneta, Jan, Katarzyna, "
            "Piotr, Anna, Krzysztof, Maria, Andrzej, Magdalena, Tomasz, Joanna, Jakub, Aleksandra, Marcin"
        ),
        _words(
            "Nowak, Kowalczyk, Wiśniewska, Wójcik, Zając, Jabłońska, Dąbrowski, Król, Łuczak, Kowalski, "
            "Wiśniewski, Lewandowski, Zieliński, Szymański, Woźniak, Kozłowski, Mazur, Krawczyk, Piotrowski, "
            "Grabowski, Pawłowski"
        ),
        _surnames(
            "Kowal, Nowak, Maj, Górn, Borow, Sado, Lipi, Zalew",
            "ski, czyk, icki, iak, owski, ecki",
        ),
        _words("ul. Długa, ul. Mickiewicza, ul. Świętojańska, al. Jerozolimskie, ul. Kościuszki"),
        _towns("Warszawa:00-###, Kraków:30-###, Łódź:90-###, Gdańsk:80-###, Wrocław:50-###"),
    ),
)

# fmt: on
PLAIN = str.maketrans(
    {
        **dict(zip("áàâãåąçćèéêëęíìîïıłñńóòôõøśúùûýźżÿ", "aaaaaacceeeeeiiiiilnnooooosuuuyzzy", strict=True)),
        **dict(zip("ÁÀÂÅÇĆÉÈÊËÍÎŁÑÓÔØŚÚÛŹŻ", "AAAACCEEEEIILNOOOSUUZZ", strict=True)),
        "ä": "ae",
        "ö": "oe",
        "ü": "ue",
        "ß": "ss",
        "Ä": "Ae",
        "Ö": "Oe",
        "Ü": "Ue",
    }
)


def plain(text: str) -> str:
    """The text as a system without accents writes it: Müller → Mueller, Łukasz → Lukasz."""
    return text.translate(PLAIN)
