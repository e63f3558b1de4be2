export const DEMO_TEMPLATE = 'demo:template';
