// The phone page: shows what the emulator says over server-sent events, and sends what the user does. Everything that
// came from outside is put on the page as text, never as HTML.

const find = (id) => document.getElementById(id);
const chat = find('chat');
const activity = find('activity');
const userSelect = find('users');
const text = find('text');

const CURRENT = 'phone';
const MOST_ACTIVITY = 200;
const LARGEST_IMAGE = 5 * 1024 * 1024;
const state = {
  users: new Map(),
  messages: new Map(),
  unread: new Map(),
  current: localStorage.getItem(CURRENT),
  sender: '',
};
const bubbles = new Map();

const element = (name, properties = {}, ...children) => {
  const node = Object.assign(document.createElement(name), properties);
  node.append(...children.filter((child) => child !== undefined));
  return node;
};

async function post(path, body) {
  try {
    const response = await fetch(`/_emulator/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const answer = response.status === 204 ? {} : await response.json();
    if (!response.ok) throw new Error(answer.error ?? `The emulator answered ${response.status}`);
    for (const alert of answer.alerts ?? []) find('problem').textContent = `${alert.code}: ${alert.text}`;
  } catch (error) {
    find('problem').textContent = error instanceof Error ? error.message : String(error);
  }
}

function send(fields) {
  find('problem').textContent = '';
  return post('messages', { phone: state.current, ...fields });
}

// --- messages ---------------------------------------------------------------------------------------------------

const FORMAT = /(```[\s\S]+?```|\*[^*\n]+\*|_[^_\n]+_|~[^~\n]+~)/;
const TAGS = { '*': 'strong', _: 'em', '~': 's', '`': 'code' };

/** WhatsApp's own formatting: *bold*, _italic_, ~strike~ and ```mono```. */
function formatted(body) {
  return body.split(FORMAT).map((part, index) => {
    if (index % 2 === 0) return part;
    const marks = part.startsWith('```') ? 3 : 1;
    return element(TAGS[part[0]], {}, part.slice(marks, -marks));
  });
}

function mediaNode({ sid, contentType, url }) {
  const src = `/_emulator/media/${sid}`;
  if (url !== undefined && contentType === '') return element('p', {}, `File on its way: ${url}`);
  if (contentType.startsWith('image/')) return element('img', { src, alt: 'Image' });
  if (contentType.startsWith('audio/')) return element('audio', { src, controls: true });
  if (contentType.startsWith('video/')) return element('video', { src, controls: true });
  return element('a', { href: src, download: '' }, `File (${contentType})`);
}

function placeNode({ latitude, longitude, label, address }) {
  const coordinates = `${latitude}, ${longitude}`;
  return element(
    'a',
    {
      className: 'place',
      href: `https://www.openstreetmap.org/?mlat=${Number(latitude)}&mlon=${Number(longitude)}`,
      target: '_blank',
      rel: 'noopener noreferrer',
    },
    element('strong', {}, `📍 ${label ?? 'Location'}`),
    [address, coordinates].filter(Boolean).join(' · '),
  );
}

function replyButtons(message) {
  const buttons = message.buttons.map((button) => {
    const node = element('button', { type: 'button', disabled: button.action !== 'reply' }, button.title);
    node.addEventListener('click', () => send({ kind: 'tap', title: button.title, on: message.sid }));
    return node;
  });
  const rows = message.rows.map((row) => {
    const more = row.description === undefined ? undefined : element('small', {}, row.description);
    const node = element('button', { type: 'button' }, row.title, more);
    node.addEventListener('click', () => send({ kind: 'pick', title: row.title, on: message.sid }));
    return node;
  });
  if (buttons.length + rows.length === 0) return undefined;
  const group = element('div', { className: 'replies' }, ...buttons, ...rows);
  group.setAttribute('role', 'group');
  group.setAttribute('aria-label', 'Answers to choose from');
  return group;
}

/** Sign, class and words for how far a message has come. */
function progress(message) {
  if (message.direction === 'inbound') {
    if (message.reception === 'read') return ['✓✓', 'read', 'Read'];
    if (message.reception === 'taken') return ['✓✓', '', 'Delivered'];
    return message.reception === 'refused' ? ['!', '', 'Not taken by the application'] : ['✓', '', 'Sent'];
  }
  switch (message.status) {
    case 'read':
      return ['✓✓', 'read', 'Read'];
    case 'delivered':
      return ['✓✓', '', 'Delivered'];
    case 'sent':
      return ['✓', '', 'Sent, the phone has not got it yet'];
    case 'failed':
    case 'undelivered':
      return ['!', '', message.status === 'failed' ? 'Failed' : 'Not delivered'];
    default:
      return ['…', '', message.status];
  }
}

function updateBubble(bubble, message) {
  const [sign, style, words] = progress(message);
  const here = message.direction === 'inbound' || ['delivered', 'read'].includes(message.status);
  const lost = message.error !== undefined || message.reception === 'refused';
  bubble.node.className = `message ${message.direction === 'inbound' ? 'mine' : 'theirs'}`;
  bubble.node.classList.toggle('waiting', !here && !lost);
  bubble.node.classList.toggle('lost', lost);
  bubble.ticks.className = `ticks ${style}`;
  bubble.ticks.textContent = sign;
  bubble.ticks.setAttribute('aria-label', words);
  bubble.ticks.title = words;
  bubble.reason.textContent =
    message.error === undefined
      ? message.reception === 'refused'
        ? words
        : ''
      : `${words}: ${message.error.title} (${message.error.code})`;
  bubble.reason.hidden = bubble.reason.textContent === '';
}

/** What makes a new bubble necessary; status alone only changes the ticks. */
const contentOf = (message) => JSON.stringify([message.body, message.media, message.place, message.buttons]);

function createBubble(message) {
  const quoted = message.replyTo === undefined ? undefined : state.messages.get(message.replyTo);
  const time = new Date(message.at);
  const ticks = element('span');
  ticks.setAttribute('role', 'img');
  const reason = element('p', { className: 'reason' });
  const node = element(
    'li',
    {},
    quoted && element('div', { className: 'quote' }, quoted.body || quoted.kind),
    ...message.media.map(mediaNode),
    message.place && placeNode(message.place),
    element('span', { className: 'text' }, ...formatted(message.body)),
    element(
      'span',
      { className: 'meta' },
      element(
        'time',
        { dateTime: time.toISOString() },
        time.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' }),
      ),
      ticks,
    ),
    replyButtons(message),
    reason,
  );
  const bubble = { node, ticks, reason, content: contentOf(message) };
  updateBubble(bubble, message);
  return bubble;
}

function showMessage(message) {
  if (message.phone !== state.current) return;
  const known = bubbles.get(message.sid);
  if (known?.content === contentOf(message)) {
    updateBubble(known, message);
    return;
  }
  const atEnd = chat.scrollHeight - chat.scrollTop - chat.clientHeight < 80;
  const bubble = createBubble(message);
  bubbles.set(message.sid, bubble);
  if (known) known.node.replaceWith(bubble.node);
  else chat.append(bubble.node);
  if (atEnd || message.direction === 'inbound') chat.scrollTop = chat.scrollHeight;
}

function showChat() {
  bubbles.clear();
  chat.replaceChildren();
  // A conversation that is opened is not read out from its beginning; what comes later is.
  chat.setAttribute('aria-live', 'off');
  for (const message of state.messages.values()) showMessage(message);
  chat.scrollTop = chat.scrollHeight;
  requestAnimationFrame(() => chat.setAttribute('aria-live', 'polite'));
  markRead();
}

function markRead() {
  if (document.visibilityState !== 'visible' || state.current === null) return;
  state.unread.delete(state.current);
  showUsers();
  const waiting = [...state.messages.values()].some(
    (message) => message.phone === state.current && message.direction === 'outbound' && message.status === 'delivered',
  );
  if (waiting) post('read', { phone: state.current });
}

// --- users ------------------------------------------------------------------------------------------------------

function showUsers() {
  userSelect.replaceChildren(
    ...[...state.users.values()].map((user) => {
      const unread = state.unread.get(user.id) ?? 0;
      const name = user.profileName ? `${user.profileName} (${user.id})` : user.id;
      return element(
        'option',
        { value: user.id, selected: user.id === state.current },
        unread ? `${name} · ${unread} new` : name,
      );
    }),
  );
}

function choose(id) {
  state.current = id;
  localStorage.setItem(CURRENT, id);
  showUsers();
  showChat();
}

// --- activity ---------------------------------------------------------------------------------------------------

const ARROWS = { rest: '→ REST', inbound: '← message', status: '← status' };

function showRequest(request) {
  const status = request.status ?? 'no answer';
  const what = new URL(request.url, location.origin).pathname;
  const bad = request.status === undefined || request.status >= 400;
  const summary = element(
    'summary',
    { className: bad ? 'bad' : '' },
    `${ARROWS[request.kind]} ${request.method} ${what} ${status}`,
  );
  const details = Object.entries(request.parameters).map(([name, value]) => `${name}: ${value}`);
  prependActivity(element('li', {}, element('details', {}, summary, element('pre', {}, details.join('\n')))));
}

function showAlert(alert) {
  prependActivity(element('li', { className: 'bad' }, `${alert.code}: ${alert.text}`));
}

function prependActivity(node) {
  activity.prepend(node);
  while (activity.childElementCount > MOST_ACTIVITY) activity.lastElementChild.remove();
}

// --- events -----------------------------------------------------------------------------------------------------

/** WhatsApp shows that someone types for this long at most. */
const TYPING_SHOWN_MS = 25_000;
let typingEnds;

const on = {
  state(next) {
    state.sender = next.sender;
    state.users = new Map(next.users.map((user) => [user.id, user]));
    state.messages = new Map(next.messages.map((message) => [message.sid, message]));
    find('business').textContent = next.sender.replace('whatsapp:', '');
    find('presence').textContent = next.webhook === null ? 'no webhook is set' : 'online';
    activity.replaceChildren();
    next.requests.forEach(showRequest);
    next.alerts.forEach(showAlert);
    if (state.users.size === 0) post('phones', { phone: '+15551230001', profileName: 'Ana' });
    else choose(state.users.has(state.current) ? state.current : next.users[0].id);
  },
  user(user) {
    state.users.set(user.id, user);
    if (state.current === null || !state.users.has(state.current)) choose(user.id);
    else showUsers();
  },
  message(message) {
    const arrived = message.status === 'delivered' && state.messages.get(message.sid)?.status !== 'delivered';
    state.messages.set(message.sid, message);
    showMessage(message);
    if (message.direction === 'outbound' && message.phone === state.current) find('presence').textContent = 'online';
    if (!arrived || message.direction === 'inbound') return;
    state.unread.set(message.phone, (state.unread.get(message.phone) ?? 0) + 1);
    if (message.phone === state.current) markRead();
    else showUsers();
  },
  remove({ sid }) {
    state.messages.delete(sid);
    bubbles.get(sid)?.node.remove();
    bubbles.delete(sid);
  },
  typing({ phone }) {
    if (phone !== state.current) return;
    find('presence').textContent = 'typing…';
    clearTimeout(typingEnds);
    typingEnds = setTimeout(() => (find('presence').textContent = 'online'), TYPING_SHOWN_MS);
  },
  request: showRequest,
  alert: showAlert,
};

const source = new EventSource('/_emulator/events');
for (const [name, handle] of Object.entries(on)) {
  source.addEventListener(name, (event) => handle(JSON.parse(event.data)));
}
source.addEventListener('error', () => {
  find('presence').textContent = 'the emulator does not answer; trying again…';
});

// --- what the user does -----------------------------------------------------------------------------------------

find('composer').addEventListener('submit', (event) => {
  event.preventDefault();
  const body = text.value.trim();
  if (body === '' || state.current === null) return;
  text.value = '';
  send({ kind: 'text', text: body });
});
text.addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  find('composer').requestSubmit();
});

find('attach-image').addEventListener('click', () => find('image').click());
find('image').addEventListener('change', async () => {
  const [file] = find('image').files;
  find('image').value = '';
  if (file === undefined) return;
  if (file.size > LARGEST_IMAGE) {
    find('problem').textContent = 'WhatsApp takes images of up to 5 MB.';
    return;
  }
  const reader = new FileReader();
  reader.addEventListener('load', () => {
    const data = String(reader.result).split(',')[1] ?? '';
    send({ kind: 'image', data, contentType: file.type, caption: text.value.trim() });
    text.value = '';
  });
  reader.readAsDataURL(file);
});

find('attach-location').addEventListener('click', () => find('place-dialog').showModal());
find('place-form').addEventListener('submit', () => {
  send({
    kind: 'location',
    latitude: Number(find('latitude').value),
    longitude: Number(find('longitude').value),
    label: find('label').value || null,
    address: find('address').value || null,
  });
});

find('add-user').addEventListener('click', () => find('user-dialog').showModal());
find('user-form').addEventListener('submit', async () => {
  const phone = find('user-phone').value;
  await post('phones', { phone, profileName: find('user-name').value || null });
  choose(phone);
});
for (const button of document.querySelectorAll('[data-close]')) {
  button.addEventListener('click', () => button.closest('dialog').close());
}

userSelect.addEventListener('change', () => choose(userSelect.value));
document.addEventListener('visibilitychange', markRead);
