from privet_codenames import Codenames

from pipeline import testing


def test_code_names_stay_in_the_house():
    plugin = Codenames(names={"Falcon": "ALPHA", "Heron": "BETA"})
    result = testing.exchange(plugin, "Is Falcon late?", "ALPHA is late, BETA is not.")
    assert (result.asked, result.text) == ("Is ALPHA late?", "Falcon is late, BETA is not.")
    testing.check_laws(plugin, "Is Falcon late?", "ALPHA is late.", secret="Falcon")
