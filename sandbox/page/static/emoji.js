// The shortcodes that an operations bot is likely to use; anything else stays as it was written.

const KNOWN = {
  white_check_mark: "✅", heavy_check_mark: "✔️", ballot_box_with_check: "☑️", x: "❌", heavy_multiplication_x: "✖️",
  warning: "⚠️", no_entry: "⛔", no_entry_sign: "🚫", octagonal_sign: "🛑", rotating_light: "🚨", information_source: "ℹ️",
  question: "❓", exclamation: "❗", hourglass: "⌛", hourglass_flowing_sand: "⏳", alarm_clock: "⏰", clock1: "🕐",
  timer_clock: "⏲️", stopwatch: "⏱️", calendar: "📅", date: "📅", spiral_calendar_pad: "🗓️", bell: "🔔", no_bell: "🔕",
  rocket: "🚀", tada: "🎉", sparkles: "✨", zap: "⚡", fire: "🔥", wave: "👋", thumbsup: "👍", "+1": "👍", thumbsdown: "👎",
  "-1": "👎", eyes: "👀", pray: "🙏", raised_hands: "🙌", ok_hand: "👌", point_right: "👉", muscle: "💪", bulb: "💡",
  robot_face: "🤖", gear: "⚙️", wrench: "🔧", hammer_and_wrench: "🛠️", toolbox: "🧰", package: "📦", electric_plug: "🔌",
  battery: "🔋", computer: "💻", desktop_computer: "🖥️", file_cabinet: "🗄️", floppy_disk: "💾", satellite: "📡",
  house: "🏠", house_with_garden: "🏡", door: "🚪", key: "🔑", lock: "🔒", unlock: "🔓", shield: "🛡️", memo: "📝",
  clipboard: "📋", pushpin: "📌", link: "🔗", bar_chart: "📊", chart_with_upwards_trend: "📈", mag: "🔍", book: "📖",
  speech_balloon: "💬", mega: "📣", loudspeaker: "📢", inbox_tray: "📥", outbox_tray: "📤", arrow_right: "➡️",
  arrow_left: "⬅️", arrow_up: "⬆️", arrow_down: "⬇️", arrows_counterclockwise: "🔄", repeat: "🔁", leftwards_arrow_with_hook: "↩️",
  large_green_circle: "🟢", green_circle: "🟢", large_yellow_circle: "🟡", large_orange_circle: "🟠", red_circle: "🔴",
  large_blue_circle: "🔵", large_purple_circle: "🟣", white_circle: "⚪", black_circle: "⚫", large_blue_square: "🟦",
  large_green_square: "🟩", large_yellow_square: "🟨", large_purple_square: "🟪", white_large_square: "⬜",
  black_large_square: "⬛", snowflake: "❄️", sleeping: "😴", zzz: "💤", slightly_smiling_face: "🙂", smile: "😄",
  thinking_face: "🤔", sweat_smile: "😅", disappointed: "😞", seedling: "🌱", whale: "🐳", wheel_of_dharma: "☸️",
  one: "1️⃣", two: "2️⃣", three: "3️⃣", heart: "❤️", star: "⭐", checkered_flag: "🏁", construction: "🚧", ghost: "👻",
};

export const emoji = (text) => text.replace(/:([a-z0-9_+-]+):/g, (whole, name) => KNOWN[name] ?? whole);
