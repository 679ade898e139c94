// The site's control API: what a person does, and what then changes.

export async function get(path) {
  const response = await fetch(path, { cache: "no-store" });
  if (!response.ok) throw new Error(await response.text());
  return response.json();
}

export async function send(method, path, body) {
  const response = await fetch(path, {
    method,
    headers: { "content-type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.error || `${response.status} ${response.statusText}`);
  return answer;
}

export const act = (name, body) => send("POST", `/sandbox/api/${name}`, body);

// Listen to a stream for as long as it lives; `lost` is called once when it does not any more.
export function listen(path, onData, lost) {
  const source = new EventSource(path);
  source.onmessage = (event) => onData(JSON.parse(event.data));
  source.onerror = () => {
    source.close();
    lost();
  };
  return source;
}
