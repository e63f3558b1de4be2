import { addContent } from '../../accounts/provision-content';
import { json, type Reply } from '../../http';
import { contentProblem } from '../../rules/check-content';
import type { ContentTemplate, ContentTypes } from '../../rules/content';
import { type Fields, fieldsOf, objectField, textField } from '../json-body';
import { pageOf, pageWithMeta } from '../paging';
import { type Context, type Handler, route } from '../route';
import { invalid, notFound } from '../twilio-error';
import { contentAndApprovalsResource, contentResource, legacyContentResource } from './resources';
import { searchContents } from './search';

const resource = '/twilio/content/contents';

/** @see https://www.twilio.com/docs/content/content-api-resources */
export const contentRoutes = [
  route('/v1/Content', { GET: listOf(contentResource), POST: create }, { resource }),
  route('/v2/Content', { GET: searchOf(contentResource) }, { resource }),
  route('/v1/Content/{HX}', { GET: fetch, PUT: update, DELETE: remove }, { resource }),
  route('/v1/ContentAndApprovals', { GET: listOf(contentAndApprovalsResource) }, { resource }),
  route('/v2/ContentAndApprovals', { GET: searchOf(contentAndApprovalsResource) }, { resource }),
  route('/v1/LegacyContent', { GET: listOf(legacyContentResource) }, { resource }),
];

/** @throws TwilioError 404 when the account has no such template. */
export function findContent({ account, call }: Context, sid = ''): ContentTemplate {
  const template = account.contents.get(sid);
  if (!template) throw notFound(call.path);
  return template;
}

type View = (template: ContentTemplate, context: Context) => Record<string, unknown>;

function listOf(view: View): Handler {
  return (context) => {
    const templates = [...context.account.contents.values()].toReversed();
    return list(templates, view, context);
  };
}

function searchOf(view: View): Handler {
  return (context) => list(searchContents([...context.account.contents.values()], context.call.query), view, context);
}

function list(templates: readonly ContentTemplate[], view: View, context: Context): Reply {
  const { call, core } = context;
  const page = pageOf(templates, call.query);
  const items = page.items.map((template) => view(template, context));
  return json(200, pageWithMeta(core.url + call.path, call.query, 'contents', { ...page, items }));
}

function create(context: Context): Reply {
  const fields = fieldsOf(context.call.json);
  const language = textField(fields, 'language');
  if (language === undefined || !/^[a-z]{2,3}(_[A-Za-z]{2,4})?$/.test(language)) {
    throw invalid(20422, 'Invalid Parameter: language');
  }
  const template = addContent(context.core, context.account, {
    friendlyName: textField(fields, 'friendly_name') ?? '',
    language,
    ...read(fields),
    approved: false,
  });
  return json(201, contentResource(template, context));
}

function fetch(context: Context, sid?: string): Reply {
  return json(200, contentResource(findContent(context, sid), context));
}

/** A template that WhatsApp has, or is looking at, can no longer be changed. */
function update(context: Context, sid?: string): Reply {
  const template = findContent(context, sid);
  if (template.approval.status !== 'unsubmitted') {
    throw invalid(20422, `A template that is ${template.approval.status} cannot be changed`);
  }
  const fields = fieldsOf(context.call.json);
  const { types, variables } = read({ types: template.types, variables: template.variables, ...fields });
  template.friendlyName = textField(fields, 'friendly_name') ?? template.friendlyName;
  template.language = textField(fields, 'language') ?? template.language;
  template.types = types;
  template.variables = variables;
  template.updatedAt = context.core.clock.now();
  return json(200, contentResource(template, context));
}

function remove(context: Context, sid?: string): Reply {
  context.account.contents.delete(findContent(context, sid).sid);
  return { status: 204 };
}

function read(fields: Fields): { readonly types: ContentTypes; readonly variables: Record<string, string> } {
  const problem = contentProblem(fields.types, fields.variables);
  if (problem !== undefined) throw invalid(20422, `Invalid Parameter: ${problem}`);
  return {
    types: fields.types as ContentTypes,
    variables: (objectField(fields, 'variables') ?? {}) as Record<string, string>,
  };
}
