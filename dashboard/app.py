"""The desk: business, customer 360, data quality and operations; `make dashboard` starts it on the laptop."""

from __future__ import annotations

import streamlit as st

from cdp.aws.warehouse import WarehouseStatementError, WarehouseUnavailableError
from cdp.settings import SettingsError
from dashboard import data, look
from dashboard.role import RoleError

PAGES = (
    ("business.py", "Business", ":material/monitoring:"),
    ("customer_360.py", "Customer 360", ":material/person_search:"),
    ("data_quality.py", "Data quality", ":material/fact_check:"),
    ("operations.py", "Operations", ":material/settings_heart:"),
)
EMPTY = (
    "**The warehouse is empty.** It answers, but no run has loaded it yet. On the laptop `make demo` loads two days of "
    "data; on AWS the next scheduled run does, or start the state machine `daily_pipeline`. Operations shows the runs."
)
SET_UP = "`make dashboard` sets it up on the laptop; docs/dashboard.md says how elsewhere."
RESTART = "On the laptop: end the desk, `make demo` if there is no demo yet, then `make dashboard`."
OUTDATED = "Has it the tables of this version? docs/warehouse_load.md says how they get there."


def main() -> None:
    """Choose a page and show it; what is missing is told with the next step."""
    st.set_page_config(page_title="Customer data desk", page_icon=":material/hub:", layout="wide")
    st.html(look.STYLE)
    pages = [st.Page(file, title=title, icon=icon) for file, title, icon in PAGES]
    page = st.navigation(pages, position="top")
    try:
        role = data.role()
        if page.url_path != "operations" and data.load_number() == 0:
            look.nothing(EMPTY)
            return
        page.run()
        st.caption(f"Load {data.load_number()} · seen as {look.words(role.name).lower()}")
    except (SettingsError, RoleError) as error:
        st.error(f"**The desk is not set up.** {error}. {SET_UP}")
    except WarehouseUnavailableError as error:
        st.error(f"**The warehouse cannot be reached.** {error}. {RESTART}")
    except WarehouseStatementError as error:
        st.error(f"**The warehouse refused a question.** {error}. {OUTDATED}")


main()
