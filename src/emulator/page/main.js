// The phone page. Everything that came from outside is put on it as text, never as HTML.

import { startDialogs } from './base/dialogs.js';
import { connect } from './base/events.js';
import { drawIcons } from './base/icons.js';
import { startPanes } from './base/panes.js';
import { startTheme } from './base/theme.js';
import { startActions } from './chat/actions.js';
import { startConversation } from './chat/conversation.js';
import { startHeader } from './chat/header.js';
import { startAttach } from './compose/attach.js';
import { startComposer } from './compose/composer.js';
import { startContext } from './compose/context.js';
import { startFiles } from './compose/files.js';
import { startForward } from './compose/forward.js';
import { startRecorder } from './compose/recorder.js';
import { startPhones } from './phones/list.js';
import { startUserDialog } from './phones/user-dialog.js';
import { startDebugger } from './tools/debugger.js';
import { startPhoneSwitches } from './tools/phone-switches.js';
import { startTabs } from './tools/tabs.js';
import { startTime } from './tools/time.js';
import { startTraffic } from './tools/traffic.js';
import { startTrouble } from './tools/trouble.js';
import { startWebhook } from './tools/webhook.js';

drawIcons();
for (const start of [
  startTheme,
  startPanes,
  startDialogs,
  startPhones,
  startUserDialog,
  startHeader,
  startConversation,
  startActions,
  startContext,
  startComposer,
  startAttach,
  startFiles,
  startForward,
  startRecorder,
  startTabs,
  startTraffic,
  startDebugger,
  startTrouble,
  startPhoneSwitches,
  startTime,
  startWebhook,
]) {
  start();
}
connect();
