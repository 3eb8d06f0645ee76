#!/usr/bin/env python3
"""Writes first names, last names and places, for `make_names`.

    pip install 'faker==40.63.0'
    ./scripts/name_lists.py NAMES.tsv

Reads the lists of names in Latin letters inside the package Faker (MIT), and its countries; and some places that
posts name often.
"""

import importlib
import pathlib
import pkgutil
import re
import sys

OTHER_LETTERS = ("zh", "ja", "ko", "th", "ar", "fa", "he", "hi", "ta", "or", "mr", "gu", "ne", "bn", "si", "ka", "hy", "el", "ru", "uk", "bg", "mk")
PLACES = """
London Paris Berlin Munich Hamburg Frankfurt Cologne Stuttgart Vienna Graz Linz Salzburg Innsbruck Zurich Geneva Basel Bern Zagreb Split
Rijeka Osijek Zadar Dubrovnik Belgrade Sarajevo Ljubljana Maribor Rome Milan Naples Turin Venice Florence Madrid Barcelona Valencia
Seville Lisbon Porto Amsterdam Rotterdam Brussels Antwerp Copenhagen Stockholm Gothenburg Oslo Bergen Helsinki Dublin Cork Edinburgh
Glasgow Manchester Liverpool Birmingham Leeds Bristol Sheffield Newcastle Cardiff Belfast Brighton Oxford Cambridge York Bath Prague Brno
Bratislava Budapest Warsaw Krakow Gdansk Wroclaw Bucharest Sofia Athens Istanbul Ankara Moscow Kiev Kyiv Minsk Riga Vilnius Tallinn
Boston Denver Austin Dallas Houston Chicago Atlanta Charlotte Orlando Miami Tampa Memphis Nashville Phoenix Seattle Portland Sacramento
Oakland Cleveland Cincinnati Columbus Detroit Pittsburgh Philadelphia Baltimore Washington Newark Albany Buffalo Rochester Raleigh Durham
Richmond Norfolk Charleston Savannah Jacksonville Louisville Indianapolis Milwaukee Minneapolis Omaha Tulsa Albuquerque Tucson Reno Vegas
Honolulu Anchorage Hartford Providence Burlington Syracuse Madison Lincoln Wichita Aspen Logan Reagan Dulles Heathrow Gatwick Stansted
Luton LaGuardia Kennedy Brooklyn Manhattan Queens Bronx Harlem Hollywood Florida Texas California Virginia Georgia Carolina Dakota Montana
Nevada Arizona Colorado Utah Ohio Michigan Illinois Indiana Wisconsin Minnesota Iowa Missouri Kansas Nebraska Oklahoma Arkansas Louisiana
Mississippi Alabama Tennessee Kentucky Maryland Delaware Pennsylvania Connecticut Massachusetts Vermont Maine Hampshire Jersey Hawaii
Alaska Oregon Idaho Wyoming Toronto Montreal Vancouver Ottawa Calgary Edmonton Winnipeg Quebec Halifax Ontario Alberta Sydney Melbourne
Brisbane Perth Adelaide Canberra Auckland Wellington Christchurch Tokyo Osaka Kyoto Seoul Busan Beijing Shanghai Shenzhen Taipei Singapore
Bangkok Jakarta Manila Hanoi Delhi Mumbai Bangalore Chennai Kolkata Hyderabad Karachi Lahore Dhaka Dubai Doha Riyadh Jeddah Cairo Tunis
Casablanca Lagos Nairobi Accra Johannesburg Durban Mexico Cancun Bogota Lima Quito Santiago Montevideo Caracas Havana Cuba Jamaica Bahamas
Aruba Bermuda Nassau Europe Asia Africa America Australia Antarctica England Scotland Wales Ireland Britain Bavaria Saxony Tuscany Sicily
Catalonia Andalusia Brittany Normandy Provence Dalmatia Istria Slavonia Delta Jet United Southwest Virgin Spirit Frontier American
January February March April May June July August September October November December Monday Tuesday Wednesday Thursday Friday Saturday Sunday
Summer Winter Spring Autumn Easter Christmas
"""


def lists_of(provider, wanted):
    """Every word with a capital in the lists of a provider whose names hold `wanted`."""
    for name in sorted(dir(provider)):
        if wanted not in name or name.startswith("_"):
            continue
        entries = getattr(provider, name)
        if not isinstance(entries, (dict, list, tuple, set)):
            continue
        for entry in entries:
            entry = entry[0] if isinstance(entry, (list, tuple)) else entry
            for word in re.split(r"[ ,()]+", entry) if isinstance(entry, str) else ():
                if len(word) > 2 and word.isalpha() and ord(word[0]) < 0x250 and word[0].isupper():
                    yield word


def main():
    found = {"first": set(), "last": set(), "place": set(PLACES.split())}
    for what, wanted in (("person", {"first_name": "first", "last_name": "last"}), ("address", {"countries": "place"})):
        package = importlib.import_module(f"faker.providers.{what}")
        for module in pkgutil.iter_modules(package.__path__):
            if module.name.startswith(OTHER_LETTERS):
                continue
            provider = importlib.import_module(f"{package.__name__}.{module.name}").Provider
            for part, kind in wanted.items():
                found[kind].update(lists_of(provider, part))
    # A name that is a place far more often ("Charlotte", "Austin") is left to what stands around it.
    for kind in ("first", "last"):
        found[kind] -= set(PLACES.split())
    with pathlib.Path(sys.argv[1]).open("w", encoding="utf-8") as out:
        for kind, names in found.items():
            out.writelines(f"{kind}\t{name}\n" for name in sorted(names))


if __name__ == "__main__":
    main()
